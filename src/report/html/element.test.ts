import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml, fragment, h, jsonForScript, raw } from './element.js';
import { HOSTILE } from './hostile.fixture.js';

describe('h', () => {
  it('makes elements, with attributes where they have a value', () => {
    const made = h('td', { class: 'figure', hidden: true, title: null, open: false }, 'a', 1, null, false, [
      'b',
    ]);
    expect(made.html).toBe('<td class="figure" hidden>a1b</td>');
    expect(h('br').html).toBe('<br>');
    expect(fragment(h('i'), raw('<b>x</b>')).html).toBe('<i></i><b>x</b>');
  });

  it('lets no text leave its place', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constant(HOSTILE)), (text) => {
        const { html } = h('td', { title: text }, text);
        const [, title, content] = /^<td title="([^"]*)">(.*)<\/td>$/s.exec(html) ?? [];
        expect(title).toBe(content);
        expect(content).not.toMatch(/[<>"'`]/);
        expect(unescaped(content ?? '')).toBe(text);
      }),
    );
  });
});

/** What a browser reads. */
function unescaped(html: string): string {
  return html.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

describe('escapeHtml', () => {
  it('leaves nothing that a browser takes for a beginning or an end', () => {
    expect(escapeHtml('&lt;"\'`>')).toBe('&#38;lt;&#34;&#39;&#96;&#62;');
  });
});

describe('jsonForScript', () => {
  it('is the same JSON without a sign that could end its element', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        const content = { value, text, hostile: HOSTILE };
        const json = jsonForScript(content);
        expect(json).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(content)));
      }),
    );
  });
});
