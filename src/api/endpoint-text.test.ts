import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUri } from '../plan/uri.js';
import { endpointText } from './endpoint-text.js';

describe('an endpoint as text', () => {
  it.each([
    ['postgresql://me:hunter2@h/d', 'postgresql://me@h:5432/d?sslmode=prefer'],
    ['postgresql://me@[::1]:6000/d?sslmode=disable', 'postgresql://me@[::1]:6000/d?sslmode=disable'],
    [
      'postgresql://me@a,b:5433/d?sslmode=require&target_session_attrs=read-write&load_balance_hosts=random',
      'postgresql://me@a:5432,b:5433/d?sslmode=require&target_session_attrs=read-write&load_balance_hosts=random',
    ],
    [
      "host=h user=me dbname='my db' password=hunter2 sslmode=verify-full sslrootcert=/x/ca.pem",
      'postgresql://me@h:5432/my%20db?sslmode=verify-full&sslrootcert=/x/ca.pem',
    ],
  ])('%s', (given, text) => {
    expect(endpointText(parseUri(given, '--rw', {}))).toBe(text);
  });

  it('means the same endpoint, and never tells the password', () => {
    const word = fc
      .string({ minLength: 1, maxLength: 8 })
      .filter((text) => text.trim() === text && !text.includes('\0'));
    fc.assert(
      fc.property(word, word, (user, database) => {
        const login = `${encodeURIComponent(user)}:hunter2secret`;
        const given = parseUri(`postgresql://${login}@h/${encodeURIComponent(database)}`, '--rw', {});
        const text = endpointText(given);
        expect(text).not.toContain('hunter2secret');
        expect(parseUri(text, '--rw', {}).endpoint).toEqual(given.endpoint);
      }),
    );
  });
});
