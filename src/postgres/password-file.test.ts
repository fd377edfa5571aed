import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../plan/target.js';
import { parsePasswordFile, passwordFor, passwordFromFile } from './password-file.js';

const LOGIN: Endpoint = { host: 'h', port: 5432, user: 'u', database: 'd', sslMode: 'disable' };

describe('parsePasswordFile', () => {
  it('reads back whatever is written, and the first line that fits counts', () => {
    const field = fc.string({ minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
    const first = field.filter((text) => text !== '*');
    fc.assert(
      fc.property(first, field, field, field, (host, database, user, password) => {
        const line = [host, '5432', database, user, password].map((text) => text.replace(/[:\\]/g, '\\$&'));
        const text = `\n# a:b:c:d:e\n${host.startsWith('#') ? 'h' : line[0]}:${line.slice(1).join(':')}\n*:*:*:*:other`;
        const at = { host: host.startsWith('#') ? 'h' : host, port: 5432 };
        expect(passwordFor(parsePasswordFile(text), at, { user, database })).toBe(password);
      }),
    );
  });

  it('passes over what fits in part only', () => {
    const lines = parsePasswordFile(
      [
        'other:*:*:*:1',
        'h:5433:*:*:2',
        'h:*:x:*:3',
        'h:*:*:x:4',
        'short:line',
        'h:5432:d:u:5',
        '*:*:*:*:6',
      ].join('\r\n'),
    );
    expect(passwordFor(lines, LOGIN, LOGIN)).toBe('5');
    expect(passwordFor(lines, { host: 'z', port: 1 }, LOGIN)).toBe('6');
  });

  it('takes a line for localhost for the socket of the packages', () => {
    const lines = parsePasswordFile('localhost:*:*:*:1');
    expect(passwordFor(lines, { host: '/var/run/postgresql', port: 1 }, LOGIN)).toBe('1');
    expect(passwordFor(lines, { host: '/elsewhere', port: 1 }, LOGIN)).toBeUndefined();
  });
});

describe('passwordFromFile', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'pgha-bench-home-'));
  });

  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  function write(text: string, mode = 0o600): string {
    const file = join(home, '.pgpass');
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  }

  it('looks in the home directory, unless a file is named', () => {
    expect(passwordFromFile(LOGIN, undefined, { HOME: home })).toBeUndefined();
    const file = write('h:*:*:*:s3cret');
    expect(passwordFromFile(LOGIN, undefined, { HOME: home })).toBe('s3cret');
    expect(passwordFromFile(LOGIN, file, { HOME: '/nowhere' })).toBe('s3cret');
    expect(passwordFromFile(LOGIN, join(home, 'none'), { HOME: home })).toBeUndefined();
  });

  it('refuses a file that others may read, where it would be used', () => {
    write('h:*:*:*:s3cret', 0o640);
    expect(() => passwordFromFile(LOGIN, undefined, { HOME: home })).toThrow('can be read by others');
    expect(() => passwordFromFile(LOGIN, undefined, { HOME: home })).not.toThrow('s3cret');
    expect(passwordFromFile({ ...LOGIN, host: 'z' }, undefined, { HOME: home })).toBeUndefined();
  });

  it('takes the password of any address, and refuses two', () => {
    const endpoint = { ...LOGIN, otherHosts: [{ host: 'h2', port: 1 }] };
    write('h2:*:*:*:s3cret');
    expect(passwordFromFile(endpoint, undefined, { HOME: home })).toBe('s3cret');
    write('h2:*:*:*:s3cret\nh:*:*:*:s3cret');
    expect(passwordFromFile(endpoint, undefined, { HOME: home })).toBe('s3cret');
    write('h2:*:*:*:s3cret\nh:*:*:*:s4cret');
    expect(() => passwordFromFile(endpoint, undefined, { HOME: home })).toThrow('several passwords');
    expect(() => passwordFromFile(endpoint, undefined, { HOME: home })).not.toThrow('cret\n');
  });
});
