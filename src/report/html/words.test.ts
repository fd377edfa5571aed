import { describe, expect, it } from 'vitest';
import { entry } from '../terminal/text.js';
import { fragment } from './element.js';
import { definitions, entriesOf, inked, PAGE_STYLE } from './words.js';

const LINES = [
  ...entry('write downtime', `${PAGE_STYLE.paint('5.18 s', 'red', 'bold')} from 20.312 s`, PAGE_STYLE),
  ...entry('', PAGE_STYLE.paint('the true outage is shorter', 'dim'), PAGE_STYLE),
  ...entry('clients', '64 of 64 work again', PAGE_STYLE),
];

describe('entriesOf', () => {
  it('takes the sections of the terminal apart, however long their lines are', () => {
    const entries = entriesOf([
      ...LINES,
      ...entry('long', 'word '.repeat(100).trim(), PAGE_STYLE),
      'a title',
    ]);
    expect(entries.map(({ label, texts }) => [label, texts.length])).toEqual([
      ['write downtime', 2],
      ['clients', 1],
      ['long', 1],
    ]);
  });
});

describe('definitions', () => {
  it('tells them in the same words, with what they mean for what they were painted', () => {
    expect(definitions(entriesOf(LINES)).html).toBe(
      [
        '<dl class="facts"><dt>Write downtime</dt><dd>',
        '<span class="line"><span class="bad strong">5.18 s</span> from 20.312 s</span>',
        '<span class="line"><span class="dim">the true outage is shorter</span></span></dd>',
        '<dt>Clients</dt><dd><span class="line">64 of 64 work again</span></dd></dl>',
      ].join(''),
    );
  });
});

describe('inked', () => {
  it('leaves no mark behind', () => {
    const broken = `a\uE000red\uE000b${PAGE_STYLE.paint('c', 'green')}\uE001d`;
    expect(fragment(inked(broken)).html).not.toMatch(/[\uE000\uE001]/);
  });
});
