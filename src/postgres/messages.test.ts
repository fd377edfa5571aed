import fc from 'fast-check';
import { serialize } from 'pg-protocol';
import { describe, expect, it } from 'vitest';
import { type Parameters, queryMessage, statementEncoder } from './messages.js';

/** Values by slot; null is NULL. */
function parametersOf(values: readonly (string | null)[]): Parameters {
  const write = (slot: number, target: Buffer, offset: number): number => {
    const value = values[slot] ?? null;
    return value === null ? -1 : offset + target.write(value, offset);
  };
  return {
    textBound: (slot) => Buffer.byteLength(values[slot] ?? ''),
    writeText: write,
    substitutionBound: (slot) => Buffer.byteLength(values[slot] ?? 'NULL'),
    writeSubstitution: (slot, target, offset) => {
      const end = write(slot, target, offset);
      return end < 0 ? offset + target.write('NULL', offset) : end;
    },
  };
}

type EncoderArguments = globalThis.Parameters<typeof statementEncoder>;

function encoded(
  statement: EncoderArguments[0],
  protocol: EncoderArguments[2],
  values: readonly (string | null)[],
  parse: boolean,
): Buffer {
  const encoder = statementEncoder(statement, 7, protocol);
  const parameters = parametersOf(values);
  const target = Buffer.alloc(encoder.bound(parameters), 0xff);
  return target.subarray(0, encoder.encode(target, 0, parameters, parse, true));
}

const UPDATE = { text: 'UPDATE t SET a = $1 WHERE b = $2', pieces: [], parameters: [1, 0] };

describe('statementEncoder', () => {
  const bindOf = (statement: string, values: (string | null)[]) =>
    Buffer.concat([bind(statement, values), serialize.execute({ portal: '', rows: 0 }), serialize.sync()]);

  it('prepared: Parse once, then Bind, Execute, Sync', () => {
    const first = encoded(UPDATE, 'prepared', ['12', '-5'], true);
    const parse = serialize.parse({ name: 'P_7', text: UPDATE.text });
    expect(first.equals(Buffer.concat([parse, bindOf('P_7', ['-5', '12'])]))).toBe(true);
    expect(encoded(UPDATE, 'prepared', ['12', '-5'], false).equals(bindOf('P_7', ['-5', '12']))).toBe(true);
  });

  it('extended: the unnamed statement', () => {
    const all = encoded(UPDATE, 'extended', ['1', 'ä€'], true);
    expect(all.equals(Buffer.concat([serialize.parse({ text: UPDATE.text }), bindOf('', ['ä€', '1'])]))).toBe(
      true,
    );
  });

  it('sends NULL for NULL and for a variable that there is none of', () => {
    const statement = { text: 'SELECT $1, $2', pieces: [], parameters: [-1, 0] };
    expect(encoded(statement, 'prepared', [null], false).equals(bindOf('P_7', [null, null]))).toBe(true);
  });

  it('simple: values stand in the text', () => {
    const statement = { text: '', pieces: ['SELECT ', 0, ', ', 1, ';'], parameters: [] };
    const expected = serialize.query('SELECT 42, NULL;');
    expect(encoded(statement, 'simple', ['42', null], true).equals(expected)).toBe(true);
  });

  it('a query without parameters', () => {
    expect(queryMessage('ROLLBACK').equals(serialize.query('ROLLBACK'))).toBe(true);
  });
});

describe('messages in shared memory', () => {
  const QUERY = {
    text: 'UPDATE t SET a = $1 WHERE b = $2',
    pieces: ['UPDATE t SET a = ', 0, ' WHERE b = ', 1],
    parameters: [0, 1],
  };
  const values = fc.array(fc.tuple(fc.option(fc.string({ maxLength: 40 })), fc.option(fc.string())), {
    minLength: 1,
  });

  it.each(['simple', 'extended', 'prepared'] as const)(
    '%s: each is what it would be without those before it',
    (protocol) => {
      fc.assert(
        fc.property(values, fc.array(fc.boolean()), (rows, parses) => {
          const encoder = statementEncoder(QUERY, 7, protocol);
          for (const [index, row] of rows.entries()) {
            const parse = !encoder.keepsParsed || (parses[index] ?? false);
            const message = encoder.message(parametersOf(row), parse);
            expect(message.equals(encoded(QUERY, protocol, row, parse))).toBe(true);
          }
        }),
      );
    },
  );

  it.each(['simple', 'prepared'] as const)('%s: what was released stays as it is', (protocol) => {
    const encoder = statementEncoder(QUERY, 7, protocol);
    const first = encoder.message(parametersOf(['1', '2']), false);
    const copy = Buffer.from(first);
    encoder.release();
    const second = encoder.message(parametersOf(['3', '4']), false);
    expect(first.equals(copy)).toBe(true);
    expect(second.equals(encoded(QUERY, protocol, ['3', '4'], false))).toBe(true);
  });
});

/** Bind as the documentation has it: unnamed portal, statement, no format codes, values, no result format codes. */
function bind(statement: string, values: readonly (string | null)[]): Buffer {
  const int16 = (value: number) => Buffer.from([value >> 8, value]);
  const int32 = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value]);
  const body = Buffer.concat([
    Buffer.from(`\0${statement}\0`),
    int16(0),
    int16(values.length),
    ...values.flatMap((value) =>
      value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
    ),
    int16(0),
  ]);
  return Buffer.concat([Buffer.from('B'), int32(body.length + 4), body]);
}
