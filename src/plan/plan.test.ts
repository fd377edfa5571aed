import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { parseFault } from './fault.js';
import { nearest } from './nearest.js';
import { endpointOfParts, parseUri } from './uri.js';

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

describe('endpointOfParts', () => {
  const nothing = {
    host: undefined,
    port: undefined,
    user: undefined,
    password: undefined,
    database: undefined,
  };

  it('takes parts, then the environment, then defaults', () => {
    const env = { PGHOST: 'db', PGPORT: '6000', PGUSER: 'me', PGPASSWORD: 'p', PGSSLMODE: 'require' };
    expect(endpointOfParts(nothing, 'libpq', env)).toEqual({
      endpoint: { host: 'db', port: 6000, user: 'me', database: 'me', sslMode: 'require' },
      password: 'p',
      tls: 'settled',
    });
    const parts = { host: '::1', port: '7', user: 'u', password: 'w', database: 'd' };
    expect(endpointOfParts(parts, 'libpq', { ...env, PGSSLMODE: undefined })).toEqual({
      endpoint: { host: '::1', port: 7, user: 'u', database: 'd', sslMode: 'disable' },
      password: 'w',
      tls: 'try',
    });
  });

  it('knows the user and database of sysbench, and sockets', () => {
    expect(endpointOfParts({ ...nothing, host: '/run/pg' }, 'sysbench', {})).toEqual({
      endpoint: { host: '/run/pg', port: 5432, user: 'sbtest', database: 'sbtest', sslMode: 'disable' },
      password: undefined,
      tls: 'settled',
    });
  });

  it('refuses what is no port and no name', () => {
    expect(() => endpointOfParts({ ...nothing, port: '70000' }, 'libpq', {})).toThrow('--port');
    const uri = { ...nothing, database: 'postgresql://u:hunter2@h/x' };
    expect(() => endpointOfParts(uri, 'libpq', {})).toThrow('--rw');
    expect(() => endpointOfParts(uri, 'libpq', {})).not.toThrow('hunter');
  });
});

describe('nearest', () => {
  it('finds the word that was meant, and none for a word that is like none', () => {
    expect(nearest('tcpb', ['tpcb', 'select-only'])).toBe('tpcb');
    expect(nearest('sel', ['tpcb', 'select-only'])).toBe('select-only');
    expect(nearest('nonsense', ['tpcb', 'select-only'])).toBeUndefined();
  });
});
