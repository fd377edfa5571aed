import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { messageOf, UserError } from '../../errors.js';
import type { Located } from './located.js';

/** A file of YAML, with the lines of what it says. */
export interface YamlFile {
  readonly path: string;
  /** What stands under these keys; undefined where they do not lead to anything, or to null. */
  readonly find: (...keys: readonly string[]) => Located<unknown> | undefined;
  /** The same as a text, numbers and switches in the words of the file. */
  readonly text: (...keys: readonly string[]) => Located<string> | undefined;
  readonly number: (...keys: readonly string[]) => Located<number> | undefined;
  /** The items of a list, or a single value as a list of one; each with its own line. */
  readonly list: (...keys: readonly string[]) => readonly Located<unknown>[];
  /** The keys of a map in their order; empty where there is none. */
  readonly keys: (...keys: readonly string[]) => readonly Located<string>[];
  /** Keys that stand twice in one map: whoever reads the file takes the last one and says nothing. */
  readonly doubled: readonly Located<string>[];
}

/**
 * Reads YAML as Patroni's and etcd's readers do: version 1.1, where `off` is false.
 * @throws UserError with the line where it is no YAML, or no map
 */
export function parseYamlFile(text: string, path: string): YamlFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { version: '1.1', lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number | undefined) =>
    offset === undefined ? 1 : counter.linePos(offset).line || 1;
  const isDoubled = (problem: { readonly code: string }) => problem.code === 'DUPLICATE_KEY';
  const problem = document.errors.find((each) => !isDoubled(each));
  if (problem !== undefined) {
    // A word of the file that the message quotes may be of a password.
    const why = problem.message
      .replace(/"[^"]*"?|'[^']*'?/g, '…')
      .replace(/\s+/g, ' ')
      .replace(/\.?$/, '.');
    throw new UserError(`${path}, line ${lineAt(problem.pos[0])}: expected YAML: ${why}`);
  }
  if (!isMap(document.contents)) {
    throw new UserError(`${path}: expected YAML with names and values, found ${kindOf(document.contents)}.`);
  }
  const doubled = document.errors.filter(isDoubled).map(({ pos }) => ({
    value: /^[^:\n]*/.exec(text.slice(pos[0]))?.[0].trim() ?? '',
    line: lineAt(pos[0]),
  }));
  return new Tree(path, document, lineAt, doubled);
}

class Tree implements YamlFile {
  constructor(
    readonly path: string,
    private readonly document: Document.Parsed,
    private readonly lineAt: (offset: number | undefined) => number,
    readonly doubled: readonly Located<string>[],
  ) {}

  readonly find = (...keys: readonly string[]): Located<unknown> | undefined => {
    const found = this.nodeAt(keys);
    return found === undefined ? undefined : this.located(found);
  };

  readonly text = (...keys: readonly string[]): Located<string> | undefined => {
    const found = this.nodeAt(keys);
    if (found === undefined || !isScalar(found.node)) {
      return undefined;
    }
    const { value, source } = found.node;
    return { value: typeof value === 'string' ? value : (source ?? String(value)), line: found.line };
  };

  readonly number = (...keys: readonly string[]): Located<number> | undefined => {
    const found = this.text(...keys);
    const value = Number(found?.value);
    return found === undefined || found.value.trim() === '' || !Number.isFinite(value)
      ? undefined
      : { value, line: found.line };
  };

  readonly list = (...keys: readonly string[]): readonly Located<unknown>[] => {
    const found = this.nodeAt(keys);
    if (found === undefined) {
      return [];
    }
    if (!isSeq(found.node)) {
      return [this.located(found)];
    }
    return found.node.items.map((item) => {
      const node = this.resolved(item);
      return node === undefined
        ? { value: null, line: found.line }
        : this.located({ node, line: this.lineAt(node.range?.[0]) });
    });
  };

  readonly keys = (...keys: readonly string[]): readonly Located<string>[] => {
    const node = this.nodeAt(keys)?.node;
    if (!isMap(node)) {
      return [];
    }
    return node.items.flatMap(({ key }) =>
      isScalar(key) ? [{ value: String(key.value), line: this.lineAt(key.range?.[0]) }] : [],
    );
  };

  private located({ node, line }: Found): Located<unknown> {
    try {
      return { value: node.toJS(this.document), line };
    } catch (error) {
      // An alias of aliases that would fill the memory.
      throw new UserError(`${this.path}, line ${line}: expected YAML: ${messageOf(error)}.`);
    }
  }

  /** With the line of the key, which is where one looks for it. */
  private nodeAt(keys: readonly string[]): Found | undefined {
    let found: Found = { node: this.document.contents as Node, line: 1 };
    for (const name of keys) {
      if (!isMap(found.node)) {
        return undefined;
      }
      // The last one of several, as PyYAML and Go's reader take it.
      const pair = found.node.items.findLast(({ key }) => isScalar(key) && String(key.value) === name);
      const node = this.resolved(pair?.value);
      if (pair === undefined || node === undefined || (isScalar(node) && node.value === null)) {
        return undefined;
      }
      found = { node, line: this.lineAt((pair.key as Node).range?.[0]) };
    }
    return found;
  }

  private resolved(value: unknown): Node | undefined {
    if (isAlias(value)) {
      return value.resolve(this.document);
    }
    return isMap(value) || isSeq(value) || isScalar(value) ? value : undefined;
  }
}

interface Found {
  readonly node: Node;
  readonly line: number;
}

function kindOf(contents: unknown): string {
  if (isSeq(contents)) {
    return 'a list';
  }
  return contents === null ? 'nothing' : 'a single value';
}
