import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { parseFault } from './fault.js';
import { nearest } from './nearest.js';
import { readSettings } from './settings.js';
import { parseUri } from './uri.js';

const KINDS = [
  { kind: 'switchover', options: ['candidate'] },
  { kind: 'kill-node', options: [] },
];

function settingsOf(given: Record<string, string>) {
  return readSettings({ text: (name) => given[name], env: {}, faults: KINDS, cores: 2, randomSeed: () => 7 });
}

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

describe('parseUri', () => {
  it('takes what the URI says, and libpq defaults for the rest', () => {
    expect(parseUri('postgresql://me:s%2Fcret@db.example:6000/bench?sslmode=disable', '--rw', {})).toEqual({
      endpoint: { host: 'db.example', port: 6000, user: 'me', database: 'bench', sslMode: 'disable' },
      password: 's/cret',
      tls: 'settled',
    });
    const given = parseUri('postgres://[::1]', '--rw', { PGUSER: 'u', PGPASSWORD: 'p' });
    expect(given).toEqual({
      endpoint: { host: '::1', port: 5432, user: 'u', database: 'u', sslMode: 'disable' },
      password: 'p',
      tls: 'try',
    });
  });

  it.each([
    ['', 'expected a URI'],
    ['localhost:5432', 'begins with'],
    ['mysql://localhost/x', 'begins with'],
    ['postgresql:///x', 'with a host'],
    ['postgresql://u:hunter%2@h/x', 'hexadecimal'],
    ['postgresql://u:hunter2@h/x?sslmode=maybe', 'sslmode must be'],
    ['postgresql://u:hunter2@h/x?foo=1', "option 'foo'"],
  ])('refuses %s without repeating a password', (text, message) => {
    let thrown: unknown;
    try {
      parseUri(text, '--rw', {});
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect(String(thrown)).toContain(message);
    expect(String(thrown)).not.toContain('hunter');
  });
});

describe('readSettings', () => {
  it('has defaults for everything', () => {
    expect(settingsOf({})).toEqual({
      clients: 1,
      workers: 1,
      protocol: 'prepared',
      durationMs: 60_000,
      fault: 'default',
      seed: 7,
      deadlines: { connectMs: 5000, statementMs: 10_000, transactionMs: 30_000 },
      reconnect: { firstMs: 25, capMs: 500 },
      probes: true,
      label: undefined,
    });
  });

  it('has no more workers than clients', () => {
    expect(settingsOf({ clients: '3', workers: '8' }).workers).toBe(3);
    expect(settingsOf({ clients: '8' }).workers).toBe(2);
  });

  it.each([
    [{ clients: '0' }, '--clients'],
    [{ clients: 'many' }, '--clients'],
    [{ workers: '0' }, '--workers'],
    [{ duration: '40' }, '--duration'],
    [{ duration: '500ms' }, 'expected 1s to 480h'],
    [{ duration: '600h' }, 'expected 1s to 480h'],
    [{ 'statement-timeout': '600h' }, 'at most 480h'],
    [{ protocol: 'preparde' }, "Did you mean 'prepared'?"],
    [{ 'connect-timeout': '0s' }, '--connect-timeout'],
    [{ 'reconnect-pause': '1s' }, 'FIRST..LONGEST'],
    [{ 'reconnect-pause': '1s..500ms' }, 'shorter'],
    [{ seed: '-1' }, '--seed'],
    [{ fault: 'switchover@70s' }, 'within the run'],
  ])('refuses %j', (given, message) => {
    expect(() => settingsOf(given as unknown as Record<string, string>)).toThrow(UserError);
    expect(() => settingsOf(given as unknown as Record<string, string>)).toThrow(message);
  });
});

describe('nearest', () => {
  it('finds the word that was meant, and none for a word that is like none', () => {
    expect(nearest('tcpb', ['tpcb', 'select-only'])).toBe('tpcb');
    expect(nearest('sel', ['tpcb', 'select-only'])).toBe('select-only');
    expect(nearest('nonsense', ['tpcb', 'select-only'])).toBeUndefined();
  });
});
