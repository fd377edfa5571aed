import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { UserError } from '../errors.js';
import { didYouMean } from './nearest.js';

/** `pgha-bench.yaml`: targets by name. Variables in values are not filled in yet: another target's may be missing. */
export interface TargetFile {
  /** Of the target that is used where no other is named; null without one. */
  readonly default: string | null;
  readonly targets: ReadonlyMap<string, NamedTarget>;
}

/** The entries of a target by their keys, which are the names of options without the dashes. */
export type NamedTarget = ReadonlyMap<string, FileValue>;

export interface FileValue {
  /** As it would be typed behind the option. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** What the text of an entry is made of. */
export type EntryForm =
  | 'text'
  /** On or off. */
  | 'switch'
  /** Texts, as a list or with commas between them. */
  | 'list'
  /** Texts by name; `name=text` with commas between them. */
  | 'map';

/**
 * @param name of the file, for messages
 * @param keys that a target may have, and their forms
 * @throws UserError with the line, for what is no such file
 */
export function parseTargetFile(
  text: string,
  name: string,
  keys: Readonly<Record<string, EntryForm>>,
): TargetFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (node: ParsedNode) => lines.linePos(node.range[0]).line;
  const complain = (line: number, problem: string) => new UserError(`${name}, line ${line}: ${problem}`);
  const file: Reading = { keys, lineAt, complain: (node, problem) => complain(lineAt(node), problem) };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    // Its own words may quote the text, which may be a password.
    const why = YAML_PROBLEMS[problem.code] ?? 'it is not well-formed here';
    throw complain(lines.linePos(problem.pos[0]).line, `expected YAML, but ${why}.`);
  }
  if (document.contents === null) {
    throw new UserError(`${name}: expected ${FORM}, found nothing.`);
  }
  return fileOf(document.contents, file);
}

/**
 * The text with `${NAME}` filled in from the environment; `$$` is a `$`.
 * @param label of the value, for messages, in which the text is never repeated: it may hold a password
 * @throws UserError for a variable that is not set
 */
export function fillIn(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  label: string,
): string {
  return text.replace(/\$\$|\$\{([^}]*)\}/g, (whole, variable: string | undefined) => {
    if (whole === '$$') {
      return '$';
    }
    const name = variable ?? '';
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw new UserError(
        `${label}: expected the name of a variable in \${…}, found something else.`,
        'A literal $ is written $$.',
      );
    }
    const value = env[name];
    if (value === undefined) {
      throw new UserError(
        `${label}: the environment variable ${name} is not set.`,
        `Set ${name}, or write $$ for a literal $.`,
      );
    }
    return value;
  });
}

const FORM = "'targets:' with a target for each name";

const YAML_PROBLEMS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'found more than one document',
  DUPLICATE_KEY: 'a key stands there twice',
  TAB_AS_INDENT: 'found a tab as indentation',
  BAD_INDENT: 'the indentation is wrong',
  MISSING_CHAR: 'a character is missing, such as a quote, a comma or a bracket',
};

interface Reading {
  readonly keys: Readonly<Record<string, EntryForm>>;
  readonly lineAt: (node: ParsedNode) => number;
  readonly complain: (node: ParsedNode, problem: string) => UserError;
}

function fileOf(contents: ParsedNode, file: Reading): TargetFile {
  const entries = entriesOf(contents, FORM, file);
  for (const { key, word } of entries) {
    if (word !== 'default' && word !== 'targets') {
      const meant = didYouMean(word, ['default', 'targets']);
      throw file.complain(key, `expected 'default:' or 'targets:', found ${quoted(word)}.${meant}`);
    }
  }
  const list = entries.find(({ word }) => word === 'targets')?.value;
  if (list === undefined) {
    throw file.complain(contents, `expected ${FORM}, found none.`);
  }
  const targets = new Map(
    entriesOf(list, FORM, file).map(({ key, word, value }) => {
      if (!NAME.test(word)) {
        throw file.complain(
          key,
          `expected a name of letters, digits, '.', '_' or '-' for a target, found ${quoted(word)}.`,
        );
      }
      return [word, targetOf(word, value, file)] as const;
    }),
  );
  return {
    default: defaultOf(entries.find(({ word }) => word === 'default')?.value, targets, file),
    targets,
  };
}

const NAME = /^(?!none$)[\w][\w.-]*$/;

function defaultOf(
  node: ParsedNode | undefined,
  targets: ReadonlyMap<string, NamedTarget>,
  file: Reading,
): string | null {
  if (node === undefined) {
    return null;
  }
  const name = isScalar(node) ? String(node.value) : '';
  if (!targets.has(name)) {
    const names = [...targets.keys()];
    throw file.complain(
      node,
      `default: expected one of the targets (${names.join(', ')}), found ${quoted(name)}.${didYouMean(name, names)}`,
    );
  }
  return name;
}

function targetOf(name: string, node: ParsedNode, file: Reading): NamedTarget {
  const known = Object.keys(file.keys);
  const form = `options of target '${name}', such as rw`;
  const values = entriesOf(node, form, file).map(({ key, word, value }) => {
    const expected = Object.hasOwn(file.keys, word) ? file.keys[word] : undefined;
    if (expected === undefined) {
      const hint = didYouMean(word, known) || ` Known: ${known.join(', ')}.`;
      throw file.complain(key, `a target has no option ${quoted(word)}.${hint}`);
    }
    return [word, { text: textOf(value, word, expected, file), line: file.lineAt(value) }] as const;
  });
  return new Map(values);
}

function textOf(node: ParsedNode, key: string, form: EntryForm, file: Reading): string {
  if (form === 'list' && isSeq(node)) {
    return node.items.map((item) => scalarOf(item, key, 'a list of texts', file)).join(',');
  }
  if (form === 'map' && isMap(node)) {
    return entriesOf(node, 'names with addresses', file)
      .map(({ word, value }) => `${word}=${scalarOf(value, key, 'an address', file)}`)
      .join(',');
  }
  const text = scalarOf(node, key, FORMS[form], file);
  if (form === 'switch' && typeof (isScalar(node) ? node.value : null) !== 'boolean') {
    return text === 'on' || text === 'off' || text.includes('${') ? text : wrongSwitch(node, key, file);
  }
  return text;
}

const FORMS: Readonly<Record<EntryForm, string>> = {
  text: 'a text',
  switch: 'true or false',
  list: 'a text or a list of texts',
  map: 'names with addresses',
};

function wrongSwitch(node: ParsedNode, key: string, file: Reading): never {
  throw file.complain(node, `${key}: expected true or false, found something else.`);
}

/** A number or a word of YAML counts as it was written: a password of digits keeps its zeros. */
function scalarOf(node: ParsedNode, key: string, expected: string, file: Reading): string {
  if (isScalar(node) && node.value !== null && node.value !== '') {
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
  }
  throw file.complain(node, `${key}: expected ${expected}, found ${kindOf(node)}.`);
}

interface Entry {
  readonly key: ParsedNode;
  readonly word: string;
  readonly value: ParsedNode;
}

function entriesOf(node: ParsedNode, expected: string, file: Reading): readonly Entry[] {
  if (!isMap(node)) {
    throw file.complain(node, `expected ${expected}, found ${kindOf(node)}.`);
  }
  return (node as YAMLMap.Parsed).items.map(({ key, value }) => {
    const word = isScalar(key) ? String(key.value) : '';
    if (value === null) {
      throw file.complain(key, `expected a value behind ${quoted(word)}, found nothing.`);
    }
    return { key, word, value };
  });
}

/** Without the text itself. */
function kindOf(node: ParsedNode): string {
  if (isMap(node)) {
    return 'keys and values';
  }
  if (isSeq(node)) {
    return 'a list';
  }
  if (isAlias(node)) {
    return 'an alias';
  }
  return isScalar(node) && node.value !== null && node.value !== '' ? 'a text' : 'nothing';
}

/** Of a key or a name, which is no secret, but may be long or of several lines. */
function quoted(word: string): string {
  const line = word.replace(/\s+/g, ' ');
  return `'${line.length > 40 ? `${line.slice(0, 40)}…` : line}'`;
}
