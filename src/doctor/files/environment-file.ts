import type { Located } from './located.js';

/** What systemd makes of an EnvironmentFile. */
export interface EnvironmentFile {
  /** The last value of each name. */
  readonly values: ReadonlyMap<string, Located<string>>;
  /** Lines that systemd leaves out, with what stands in front of the `=`, never the value. */
  readonly ignored: readonly Located<string>[];
}

/** Reads such a file by the rules of systemd.exec(5): no shell looks at it, so that `export` and `$NAME` mean nothing. */
export function parseEnvironmentFile(text: string): EnvironmentFile {
  const values = new Map<string, Located<string>>();
  const ignored: Located<string>[] = [];
  for (const { value: content, line } of logicalLines(text)) {
    if (content.trim() === '' || /^\s*[#;]/.test(content)) {
      continue;
    }
    const [, name = '', rest = ''] = /^\s*([^=]*?)\s*=\s*([\s\S]*)$/.exec(content) ?? [];
    if (/^[A-Za-z_]\w*$/.test(name)) {
      values.set(name, { value: unquoted(rest), line });
    } else {
      ignored.push({ value: name === '' ? 'no name' : name, line });
    }
  }
  return { values, ignored };
}

/** A backslash at the end of a line joins it with the next. */
function logicalLines(text: string): readonly Located<string>[] {
  const lines: Located<string>[] = [];
  let open: Located<string> | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const value: string = (open?.value ?? '') + raw;
    const line: number = open?.line ?? index + 1;
    const isJoined = !/^\s*[#;]/.test(value) && /(^|[^\\])(\\\\)*\\$/.test(value);
    open = isJoined ? { value: value.slice(0, -1), line } : null;
    if (!isJoined) {
      lines.push({ value, line });
    }
  }
  return open === null ? lines : [...lines, open];
}

function unquoted(text: string): string {
  let value = '';
  let rest = text;
  for (let quoted = QUOTED.exec(rest); quoted !== null; quoted = QUOTED.exec(rest)) {
    const [whole, single, double] = quoted;
    value += single ?? (double ?? '').replace(/\\(["\\$`])/g, '$1');
    rest = rest.slice(whole.length);
  }
  return value + rest.replace(/\\(.)/g, '$1').trimEnd();
}

const QUOTED = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")/;
