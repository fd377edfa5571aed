import { describe, expect, it } from 'vitest';
import { terminalOf } from './terminal.js';

const TTY = { isTTY: true, columns: 100 };
const UTF8 = { LANG: 'de_DE.UTF-8', TERM: 'xterm' };

describe('terminalOf', () => {
  it('writes to a terminal in colours, as wide as it is', () => {
    expect(terminalOf(TTY, UTF8)).toEqual({ columns: 100, color: true, unicode: true });
    expect(terminalOf({ isTTY: true, columns: 0 }, UTF8).columns).toBe(80);
  });

  it('writes to a pipe without colours, in 80 columns of UTF-8', () => {
    expect(terminalOf({ columns: 200 }, { LANG: 'C' })).toEqual({ columns: 80, color: false, unicode: true });
  });

  it.each([
    ['NO_COLOR', TTY, { ...UTF8, NO_COLOR: '1' }, false],
    ['NO_COLOR before FORCE_COLOR', TTY, { ...UTF8, NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['an empty NO_COLOR, which says nothing', TTY, { ...UTF8, NO_COLOR: '' }, true],
    ['a dumb terminal', TTY, { ...UTF8, TERM: 'dumb' }, false],
    ['FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR on a dumb terminal', TTY, { ...UTF8, TERM: 'dumb', FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', {}, { FORCE_COLOR: '0' }, false],
  ])('heeds %s', (_, out, env, color) => {
    expect(terminalOf(out, env).color).toBe(color);
  });

  it.each([
    [{ LANG: 'C' }, false],
    [{}, false],
    [{ LANG: 'ja_JP.utf8' }, true],
    [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, true],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
  ])('knows from %j whether there is more than ASCII', (env, unicode) => {
    expect(terminalOf(TTY, env).unicode).toBe(unicode);
  });
});
