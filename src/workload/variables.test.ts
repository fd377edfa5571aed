import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDouble, INTEGER, LONG, Value } from './value.js';
import { Variables } from './variables.js';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function written(set: (variables: Variables) => void): string {
  const variables = new Variables(['x']);
  set(variables);
  const target = Buffer.alloc(variables.textBound(0) + 3, '~');
  const end = variables.writeText(0, target, 3);
  expect(end).toBeLessThanOrEqual(target.length);
  expect(target.toString('utf8', 0, 3)).toBe('~~~');
  expect(target.toString('utf8', end)).toBe('~'.repeat(target.length - end));
  return target.toString('utf8', 3, end);
}

const EDGES = [0, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1];

test.each(EDGES.flatMap((edge) => [edge, -edge]))('writes the integer %d', (value) => {
  expect(written((variables) => variables.setInteger(0, value))).toBe(String(value + 0));
});

test('writes any safe integer as JavaScript does', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(written((variables) => variables.setInteger(0, value))).toBe(String(value));
    }),
    { numRuns: 3000, seed: 1 },
  );
});

test('holds and writes any 64-bit integer exactly, small ones as numbers', () => {
  fc.assert(
    fc.property(fc.oneof(fc.bigInt(INT64_MIN, INT64_MAX), near(2n ** 53n), near(INT64_MAX)), (value) => {
      const cell = new Value();
      cell.setBigInt(value);
      expect(cell.kind).toBe(Number.isSafeInteger(Number(value)) ? INTEGER : LONG);
      expect(cell.toBigInt()).toBe(value);
      expect(BigInt.asIntN(64, (BigInt(cell.high()) << 32n) | BigInt(cell.low() >>> 0))).toBe(value);
      expect(written((variables) => variables.setBigInt(0, value))).toBe(String(value));
    }),
    { numRuns: 3000, seed: 2 },
  );
});

/** Values around a power of two and around its negative. */
function near(edge: bigint): fc.Arbitrary<bigint> {
  return fc
    .tuple(fc.bigInt(-3n, 3n), fc.constantFrom(1n, -1n))
    .map(([offset, sign]) => sign * (edge + offset))
    .map((value) => (value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : value));
}

// As PostgreSQL's printf has them for %.15g.
test.each([
  [0, '0'],
  [-0, '-0'],
  [1.5, '1.5'],
  [3, '3'],
  [0.1 + 0.2, '0.3'],
  [1 / 3, '0.333333333333333'],
  [2 / 3, '0.666666666666667'],
  [123456789012345, '123456789012345'],
  [1234567890123456, '1.23456789012346e+15'],
  [1e15, '1e+15'],
  [999999999999999.9, '1e+15'],
  // Exactly between two: to the even one.
  [100000000000000.5, '100000000000000'],
  [100000000000001.5, '100000000000002'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1e-7, '1e-07'],
  [1.25e-300, '1.25e-300'],
  [-1.2345678901234567e300, '-1.23456789012346e+300'],
  [Number.MAX_VALUE, '1.79769313486232e+308'],
  [5e-324, '4.94065645841247e-324'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
  [Number.NaN, 'NaN'],
])('writes the double %d as %s', (value, text) => {
  expect(formatDouble(value)).toBe(text);
  expect(written((variables) => variables.setDouble(0, value))).toBe(text);
});

test('a double is written with the digits that tell 15 of them', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e308, max: 1e308, noNaN: true }), (value) => {
      expect(Number(formatDouble(value)).toPrecision(15)).toBe(value.toPrecision(15));
    }),
    { numRuns: 3000, seed: 3 },
  );
});

test('booleans and texts are written as they are, NULL is not written', () => {
  expect(written((variables) => variables.setBoolean(0, true))).toBe('true');
  expect(written((variables) => variables.setBoolean(0, false))).toBe('false');
  expect(written((variables) => variables.setText(0, 'Zürich €'))).toBe('Zürich €');
  expect(written((variables) => variables.setText(0, ''))).toBe('');
  const variables = new Variables(['x']);
  expect(variables.writeText(0, Buffer.alloc(9), 0)).toBe(-1);
  expect(variables.isUnset(0)).toBe(true);
  variables.setNull(0);
  expect(variables.writeText(0, Buffer.alloc(9), 0)).toBe(-1);
  expect(variables.isNull(0)).toBe(true);
  expect(variables.isUnset(0)).toBe(false);
});

test('bytes of a reply are copied, and a shorter text does not show the longer one before it', () => {
  const variables = new Variables(['x']);
  const reply = Buffer.from('....a long value....');
  variables.setBytes(0, reply, 4, 16);
  reply.fill('!');
  expect(variables.text(0)).toBe('a long value');
  variables.setBytes(0, Buffer.from('ab'), 0, 2);
  expect(variables.text(0)).toBe('ab');
});

test('a text of any length is copied and written byte by byte or at once', () => {
  const variables = new Variables(['x']);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 130 }), fc.nat(3), (bytes, offset) => {
      const reply = Uint8Array.of(1, 2, ...bytes, 3);
      variables.setBytes(0, reply, 2, 2 + bytes.length);
      const target = new Uint8Array(offset + bytes.length + 1);
      expect(variables.writeText(0, target, offset)).toBe(offset + bytes.length);
      expect(target).toEqual(Uint8Array.of(...new Uint8Array(offset), ...bytes, 0));
    }),
  );
});

test('in the text of simple mode NULL is NULL, and an unset variable its own reference', () => {
  const variables = new Variables(['a_rather_long_name_of_a_variable']);
  const substituted = (): string => {
    const target = Buffer.alloc(variables.substitutionBound(0));
    return target.toString('utf8', 0, variables.writeSubstitution(0, target, 0));
  };
  expect(substituted()).toBe(':a_rather_long_name_of_a_variable');
  variables.setNull(0);
  expect(substituted()).toBe('NULL');
  variables.setInteger(0, -7);
  expect(substituted()).toBe('-7');
  variables.setText(0, 'x'.repeat(100));
  expect(substituted()).toBe('x'.repeat(100));
});

test('the slot of a variable that nothing sets is NULL', () => {
  const variables = new Variables([]);
  expect(variables.textBound(-1)).toBe(0);
  expect(variables.writeText(-1, Buffer.alloc(9), 0)).toBe(-1);
});

test('a slot that the program does not have is an error', () => {
  expect(() => new Variables(['x']).setInteger(1, 1)).toThrow(RangeError);
});
