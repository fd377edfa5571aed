/** A piece of HTML that is safe to be put into a page: only {@link h} and {@link raw} make them. */
export class Markup {
  constructor(readonly html: string) {}
}

/** A child is escaped unless it is markup; null, undefined and false are nothing. */
export type Child = Markup | string | number | null | undefined | false | readonly Child[];

/** True is an attribute without a value; null, undefined and false leave it out. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

const VOID_ELEMENTS: ReadonlySet<string> = new Set(['br', 'hr', 'input', 'link', 'meta', 'wbr']);

/**
 * An element: `h('td', { class: 'number' }, '12')`. Whatever is given as a value or as text cannot leave its place.
 * @param name of the element, and the names of the attributes, are of this program, never of a result
 */
export function h(name: string, attributes: Attributes = {}, ...children: readonly Child[]): Markup {
  const tag = `<${name}${attributesInHtml(attributes)}>`;
  return new Markup(VOID_ELEMENTS.has(name) ? tag : `${tag}${inHtml(children)}</${name}>`);
}

/** Children without an element around them. */
export function fragment(...children: readonly Child[]): Markup {
  return new Markup(inHtml(children));
}

/** HTML as it stands. @param html of this program alone: nothing in it is escaped */
export function raw(html: string): Markup {
  return new Markup(html);
}

/** Text for between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/**
 * JSON for a script element: it holds nothing that could end the element or begin a comment, and no separator of lines
 * that old JavaScript does not know.
 */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (sign) => {
    const code = sign.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}

function attributesInHtml(attributes: Attributes): string {
  let html = '';
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) {
      html += ` ${name}`;
    } else if (value !== false && value !== null && value !== undefined) {
      html += ` ${name}="${escapeHtml(String(value))}"`;
    }
  }
  return html;
}

function inHtml(children: readonly Child[]): string {
  let html = '';
  for (const child of children) {
    if (child instanceof Markup) {
      html += child.html;
    } else if (Array.isArray(child)) {
      html += inHtml(child);
    } else if (typeof child === 'string' || typeof child === 'number') {
      html += escapeHtml(String(child));
    }
  }
  return html;
}
