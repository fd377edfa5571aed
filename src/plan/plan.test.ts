import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { parseFault } from './fault.js';
import { nearest } from './nearest.js';

const KINDS = [
  { kind: 'switchover', options: [{ name: 'candidate' }] },
  { kind: 'kill-node', options: [] },
];

describe('parseFault', () => {
  it('reads kind, options and time', () => {
    expect(parseFault('switchover@20s', KINDS, 40_000)).toEqual({
      kind: 'switchover',
      atMs: 20_000,
      options: {},
    });
    expect(parseFault('switchover:candidate=n2@1m', KINDS, 90_000)).toEqual({
      kind: 'switchover',
      atMs: 60_000,
      options: { candidate: 'n2' },
    });
  });

  it('comes in the middle without a time, and not at all for none', () => {
    expect(parseFault('switchover', KINDS, 30_000)?.atMs).toBe(15_000);
    expect(parseFault('none', KINDS, 30_000)).toBeUndefined();
  });

  it('needs a time where the middle of the run is not known', () => {
    expect(parseFault('switchover@20s', KINDS, null)?.atMs).toBe(20_000);
    expect(() => parseFault('switchover', KINDS, null)).toThrow('expected switchover@TIME, found no time');
  });

  it.each([
    ['swichover@20s', "Did you mean 'switchover'?"],
    ['switchover@40s', 'within the run'],
    ['switchover@', 'a duration'],
    ['switchover:kandidat=n2@1s', 'has candidate'],
    ['switchover:candidate@1s', 'expected a value'],
    ['switchover:candidate=n1,candidate=n2@1s', 'once'],
    ['kill-node:x=1@1s', 'has no options'],
    ['@20s', 'expected KIND'],
  ])('refuses %s', (text, message) => {
    expect(() => parseFault(text, KINDS, 40_000)).toThrow(UserError);
    expect(() => parseFault(text, KINDS, 40_000)).toThrow(message);
  });
});

describe('nearest', () => {
  it('finds the word that was meant, and none for a word that is like none', () => {
    expect(nearest('tcpb', ['tpcb', 'select-only'])).toBe('tpcb');
    expect(nearest('sel', ['tpcb', 'select-only'])).toBe('select-only');
    expect(nearest('nonsense', ['tpcb', 'select-only'])).toBeUndefined();
  });
});
