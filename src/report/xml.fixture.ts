/** An element of an XML document. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Of itself, without that of its children. */
  readonly text: string;
}

const NAME = String.raw`[A-Za-z_][\w.-]*`;
const OPEN = new RegExp(String.raw`<(${NAME})((?:\s+${NAME}="[^"<]*")*)\s*(/?)>`, 'y');
const CLOSE = new RegExp(String.raw`</(${NAME})\s*>`, 'y');
const TEXT = /[^<]+/y;
const ATTRIBUTE = new RegExp(String.raw`\s+(${NAME})="([^"<]*)"`, 'g');
const POSSIBLE = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

/**
 * The root of a well-formed document of elements, attributes and text: what these reports are made of, and no more.
 * @throws Error where it is not one
 */
export function parseXml(document: string): Element {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!document.startsWith(declaration) || !POSSIBLE.test(document)) {
    throw new Error('no declaration, or a character that XML does not have');
  }
  const reader = { text: document.trimEnd(), at: declaration.length };
  const root = readElement(reader);
  if (reader.at !== reader.text.length) {
    throw new Error(`more behind the root: ${reader.text.slice(reader.at, reader.at + 40)}`);
  }
  return root;
}

interface Reader {
  readonly text: string;
  at: number;
}

function readElement(reader: Reader): Element {
  const [, name = '', attributes = '', closed] = take(reader, OPEN) ?? fail(reader, 'an element');
  const element = { name, attributes: attributesOf(attributes) };
  if (closed === '/') {
    return { ...element, children: [], text: '' };
  }
  const children: Element[] = [];
  let text = '';
  for (;;) {
    const end = take(reader, CLOSE);
    if (end !== undefined) {
      return end[1] === name ? { ...element, children, text } : fail(reader, `</${name}>`);
    }
    const run = take(reader, TEXT);
    if (run === undefined) {
      children.push(readElement(reader));
    } else {
      text += unescaped(run[0]);
    }
  }
}

function take(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.text);
  reader.at += match?.[0].length ?? 0;
  return match ?? undefined;
}

function fail({ text, at }: Reader, expected: string): never {
  throw new Error(`expected ${expected}, found ${text.slice(at, at + 40)}`);
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(ATTRIBUTE)) {
    if (Object.hasOwn(attributes, name)) {
      throw new Error(`${name} stands twice`);
    }
    attributes[name] = unescaped(value);
  }
  return attributes;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replaceAll(/&(\w*;?)/g, (_, name: string) => {
    const sign = ENTITIES[name.replace(/;$/, '')];
    if (sign === undefined || !name.endsWith(';')) {
      throw new Error(`&${name} is no entity`);
    }
    return sign;
  });
}
