import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';

/*
 * A YAML file of somebody's hand, whose every complaint names the file and the line.
 */

export interface YamlFile {
  /** Null for an empty file. */
  readonly contents: ParsedNode | null;
  readonly complain: (at: ParsedNode, problem: string, action?: string) => UserError;
  readonly lineOf: (node: ParsedNode) => number;
}

export interface Entry {
  readonly name: string;
  readonly key: ParsedNode;
  /** Null when nothing stands behind the colon. */
  readonly value: ParsedNode | null;
}

/** @param name of the file, for messages @throws UserError where it is not YAML */
export function readYaml(text: string, name: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const why = problem.code === 'MULTIPLE_DOCS' ? 'found more than one document' : problem.message;
    const line = lines.linePos(problem.pos[0]).line;
    throw new UserError(
      `${name}, line ${line}: expected YAML: ${why.replace(/\s+/g, ' ').replace(/\.?$/, '')}.`,
    );
  }
  const lineOf = (node: ParsedNode) => lines.linePos(node.range[0]).line;
  return {
    contents: document.contents,
    lineOf,
    complain: (at, problem, action) => new UserError(`${name}, line ${lineOf(at)}: ${problem}`, action),
  };
}

/** The keys of a map in their order. @param what it is, `hosts` */
export function entriesIn(file: YamlFile, node: ParsedNode, what: string): readonly Entry[] {
  if (!isMap(node)) {
    throw file.complain(node, `expected ${what} to be keys with values, found ${kindOf(node)}.`);
  }
  return node.items.map(({ key, value }) => {
    if (!isScalar(key)) {
      throw file.complain(key, `expected a word as key of ${what}, found ${kindOf(key)}.`);
    }
    return { name: sourceOf(key), key, value };
  });
}

/** Refuses keys that it may not have. @param what has them, `A topology` */
export function refuseUnknownKeys(
  file: YamlFile,
  entries: readonly Entry[],
  known: readonly string[],
  what: string,
): void {
  for (const { name, key } of entries) {
    if (!known.includes(name)) {
      const shown = JSON.stringify(name);
      throw file.complain(
        key,
        `${what} has no key ${shown}.${didYouMean(name, known)}`,
        `Known: ${known.join(', ')}.`,
      );
    }
  }
}

export function itemsIn(file: YamlFile, node: ParsedNode, what: string): readonly ParsedNode[] {
  if (!isSeq(node)) {
    throw file.complain(node, `expected ${what} to be a list, found ${kindOf(node)}.`);
  }
  return node.items;
}

/**
 * As it was typed: the number 4.10 is the text `4.10`.
 * @param expected begins the complaint: `memory: expected a size such as 2GB`
 */
export function textIn(file: YamlFile, node: ParsedNode, expected: string): string {
  if (!isScalar(node) || node.value === null) {
    throw file.complain(node, `${expected}, found ${kindOf(node)}.`);
  }
  return sourceOf(node);
}

/** A text, number or boolean, as YAML reads it. */
export function valueIn(file: YamlFile, node: ParsedNode, expected: string): string | number | boolean {
  const value: unknown = isScalar(node) ? node.value : null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw file.complain(node, `${expected}, found ${kindOf(node)}.`);
}

export function isList(node: ParsedNode): boolean {
  return isSeq(node);
}

export function kindOf(node: ParsedNode): string {
  if (isMap(node)) {
    return 'keys and values';
  }
  if (isSeq(node)) {
    return 'a list';
  }
  return isScalar(node) && node.value !== null ? JSON.stringify(String(node.value)) : 'nothing';
}

function sourceOf(node: ParsedNode): string {
  return isScalar(node) ? (node.source ?? String(node.value)) : '';
}
