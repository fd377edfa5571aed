import { describe, expect, it } from 'vitest';
import { sideByName } from './proxy-side.js';

describe('sideByName', () => {
  it.each([
    ['postgres_read_write', 'rw'],
    ['pg-readwrite', 'rw'],
    ['5000-leader', 'rw'],
    ['WRITER', 'rw'],
    ['pg_read_only', 'ro'],
    ['async', 'ro'],
    ['secondary', 'ro'],
    ['primary_reads', null],
    ['preorder', null],
    ['shop', null],
  ])('%s is %s', (name, side) => {
    expect(sideByName(name)).toBe(side);
  });

  it('takes the names of all that lead to it', () => {
    expect(sideByName('shop', 'front_ro')).toBe('ro');
  });
});
