import { readFile } from 'node:fs/promises';
import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument, type YAMLMap } from 'yaml';
import { codeOf, messageOf, UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import type { Gate } from './expression.js';
import { parseGate } from './parse.js';
import { quoted } from './scanner.js';

/**
 * Reads the gates of a file, in their order: under `gates:` a list of expressions, or of `gate:` with a `why:`.
 * @throws UserError with the number of the line where it is not such a file
 */
export async function readGatesFile(path: string): Promise<readonly Gate[]> {
  return parseGatesFile(await textOf(path), path);
}

/** @param name of the file, for messages */
export function parseGatesFile(text: string, name: string): readonly Gate[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const file: GatesFile = {
    complain: (offset, problem) => new UserError(`${name}, line ${lineAt(offset)}: ${problem}`),
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const why =
      problem.code === 'MULTIPLE_DOCS'
        ? 'found more than one document'
        : lowered(problem.message).replace(/\.?$/, '');
    throw file.complain(problem.pos[0], `expected YAML: ${why}.`);
  }
  if (document.contents === null) {
    throw new UserError(`${name}: expected ${FORM}, found nothing.`);
  }
  return gatesOf(document.contents, file);
}

const FORM = "a list of gates under 'gates:'";

interface GatesFile {
  readonly complain: (offset: number, problem: string) => UserError;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new UserError(`--gates: expected a file of gates, ${path}: ${why}.`);
  }
}

function gatesOf(contents: ParsedNode, file: GatesFile): readonly Gate[] {
  if (!isMap(contents)) {
    const found = isSeq(contents) ? 'a list alone' : kindOf(contents);
    throw file.complain(contents.range[0], `expected ${FORM}, found ${found}.`);
  }
  const { gates: list } = entriesOf(contents, ['gates'], file);
  if (list === undefined) {
    throw file.complain(contents.range[0], `expected ${FORM}, found none.`);
  }
  if (!isSeq(list)) {
    throw file.complain(list.range[0], `expected ${FORM}, found ${kindOf(list)}.`);
  }
  if (list.items.length === 0) {
    throw file.complain(list.range[0], `expected ${FORM}, found an empty one, which would always pass.`);
  }
  return list.items.map((item) => gateOf(item, file));
}

function gateOf(item: ParsedNode, file: GatesFile): Gate {
  if (!isMap(item)) {
    return parsed(item, file);
  }
  const { gate, why } = entriesOf(item, ['gate', 'why'], file);
  if (gate === undefined) {
    throw file.complain(item.range[0], "expected 'gate:' with an expression, found none.");
  }
  return why === undefined
    ? parsed(gate, file)
    : { ...parsed(gate, file), why: textIn(why, "a text behind 'why:'", file) };
}

function parsed(node: ParsedNode, file: GatesFile): Gate {
  const text = textIn(node, "a gate such as 'write_downtime.p95 < 10s'", file);
  try {
    return parseGate(text);
  } catch (error) {
    if (error instanceof UserError) {
      throw file.complain(node.range[0], lowered(error.message));
    }
    throw error;
  }
}

function textIn(node: ParsedNode, expected: string, file: GatesFile): string {
  if (isScalar(node) && typeof node.value === 'string') {
    return node.value;
  }
  throw file.complain(node.range[0], `expected ${expected}, found ${kindOf(node)}.`);
}

/** The values of the keys that it may have. */
function entriesOf<Key extends string>(
  map: YAMLMap.Parsed,
  known: readonly Key[],
  file: GatesFile,
): Partial<Record<Key, ParsedNode>> {
  const entries: Partial<Record<Key, ParsedNode>> = {};
  for (const { key, value } of map.items) {
    const word = isScalar(key) ? String(key.value) : '';
    const name = known.find((each) => each === word);
    if (name === undefined) {
      const keys = known.map((each) => `'${each}:'`).join(' or ');
      const [at] = key.range;
      throw file.complain(at, `expected ${keys}, found ${quoted(word)}.${didYouMean(word, known)}`);
    }
    if (value !== null) {
      entries[name] = value;
    }
  }
  return entries;
}

function kindOf(node: ParsedNode): string {
  if (isMap(node)) {
    return 'keys and values';
  }
  if (isSeq(node)) {
    return 'a list';
  }
  return isScalar(node) && node.value !== null ? quoted(String(node.value)) : 'nothing';
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
