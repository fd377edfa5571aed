import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inAscii } from './ascii.js';
import { cut, fitted, styleOf, table, wrap } from './text.js';
import { clustersOf, headOf, padEnd, padStart, widthOf } from './width.js';

const style = styleOf({ columns: 80, color: false, unicode: true });

describe('widthOf', () => {
  it.each([
    ['plain', 5],
    ['', 0],
    ['\u001b[1mbold\u001b[22m', 4],
    ['█▁━┴▲…→µ', 8],
    // Chinese, Japanese with half and full width, Korean as syllables and as letters that make one.
    ['数据库', 6],
    ['ﾃﾞｰﾀ', 4],
    ['ＡＢ', 4],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2],
    // Accents that combine, in several scripts; a spacing mark takes a column of its own.
    ['e\u0301', 1],
    ['ที่', 1],
    ['שָׁ', 1],
    ['कि', 2],
    // Emoji: of several code points, a flag, with a selector.
    ['🚀', 2],
    ['👩‍💻', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['🪿', 2],
    // Nothing to see.
    ['\u200b\u00ad', 0],
  ])('of %j is %d', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

const text = fc.string({ unit: 'grapheme', maxLength: 60 });

describe('texts of any script', () => {
  it('are cut to what fits, at the end of a character', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (whole, width) => {
        const short = cut(whole, width, style);
        expect(widthOf(short)).toBeLessThanOrEqual(width);
        if (short !== whole) {
          const kept = clustersOf(short.slice(0, -1));
          expect(clustersOf(whole).slice(0, kept.length)).toEqual(kept);
        }
      }),
    );
    expect(cut('数据库很大', 6, style)).toBe('数据…');
    expect(cut('👩‍💻👩‍💻', 3, style)).toBe('👩‍💻…');
    expect(headOf('ab', 0)).toBe('');
  });

  it('are broken to lines that fit, with nothing lost', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 12, max: 20 }), (whole, width) => {
        const lines = wrap(whole, width);
        expect(lines.filter((line) => widthOf(line) > width)).toEqual([]);
        expect(lines.join('').replaceAll(' ', '')).toBe(whole.replaceAll(' ', ''));
      }),
    );
    expect(wrap('一二三四 五', 4)).toEqual(['一二', '三四', '五']);
  });

  it('stand aligned in a table', () => {
    const rows = [
      ['name', 'n'],
      ['数据库', '1'],
      ['e\u0301te\u0301', '🚀'],
    ];
    expect(table(rows, ['left', 'right'])).toEqual([
      '  name     n',
      '  数据库   1',
      '  e\u0301te\u0301     🚀',
    ]);
    expect(fitted([['数'.repeat(60), 'x']], 0, style)[0]?.[0]).toBe(`${'数'.repeat(37)}…`);
    expect(padStart('数', 3) + padEnd('数', 3)).toBe(' 数数 ');
  });
});

describe('inAscii', () => {
  it('keeps the columns, and what can be read', () => {
    expect(inAscii('Zürich → 数据 · 5 µs ≤ é e\u0301')).toBe('Zurich > ???? , 5 us < e e');
    expect(inAscii('🚀x\u001b[1mß\u001b[22m')).toBe('??x\u001b[1m?\u001b[22m');
  });

  it('leaves nothing but ASCII, as wide as before', () => {
    fc.assert(
      fc.property(text, (whole) => {
        const plain = inAscii(whole);
        expect(plain).toMatch(/^\p{ASCII}*$/u);
        expect(widthOf(plain)).toBe(widthOf(whole));
      }),
    );
  });
});
