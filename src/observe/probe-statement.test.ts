import { describe, expect, it } from 'vitest';
import { ProbeStatement, VALUE } from './probe-statement.js';

/** Types of the messages, one letter each. */
function typesOf(message: Buffer): string {
  let types = '';
  for (let at = 0; at < message.length; at += 1 + message.readInt32BE(at + 1)) {
    types += String.fromCharCode(message[at] as number);
  }
  return types;
}

describe("a statement of the load's protocol", () => {
  const pieces = ['select ', VALUE, ' + 1'] as const;

  it('is parsed at its first use on a connection alone, where it is prepared', () => {
    const statement = new ProbeStatement(pieces, 'prepared');
    const first = statement.message(false, 41);
    expect(typesOf(first)).toBe('PBES');
    expect(first.includes('select $1 + 1')).toBe(true);
    expect(typesOf(statement.message(true, 123_456))).toBe('BES');
    expect(statement.message(true, 123_456).includes('123456')).toBe(true);
  });

  it.each(['simple', 'extended'] as const)(
    'is a query with the value in its text, where it is %s',
    (protocol) => {
      const message = new ProbeStatement(pieces, protocol).message(true, 41);
      expect(typesOf(message)).toBe('Q');
      expect(message.toString('latin1', 5)).toBe('select 41 + 1\0');
    },
  );

  it('takes no value where there is no place for one', () => {
    const statement = new ProbeStatement(['select 1'], 'prepared');
    expect(typesOf(statement.message(false))).toBe('PBES');
    expect(statement.message(true)).toEqual(statement.message(true, 7));
  });
});
