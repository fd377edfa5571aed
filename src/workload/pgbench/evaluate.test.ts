import { expect, test, vi } from 'vitest';
import { type ScriptContext, ScriptFailure } from '../program.js';
import { RandomStream } from '../random/stream.js';
import { Variables } from '../variables.js';
import { AUTOMATIC_VARIABLES, compileScript } from './compile.js';

const GIVEN = {
  scale: '10',
  default_seed: '5432',
  yes: 'ye',
  off: 'of',
  none: 'NULL',
  int: ' +12',
  real: '1e3',
  hex: '0x1p-2',
  infinite: '-inf',
  word: 'hello',
  letter: 'o',
  empty: '',
  wide: '9223372036854775808',
  max: '9223372036854775807',
};

/** What `\set x <expression>` stores, as text; NULL for NULL. */
function value(expression: string): string {
  const text = `\\set x ${expression}`;
  const script = compileScript(
    { name: 't.sql', text },
    { protocol: 'simple', variables: [...AUTOMATIC_VARIABLES, ...Object.keys(GIVEN)] },
  );
  const variables = new Variables(script.slots);
  for (const [name, given] of Object.entries(GIVEN)) {
    variables.setText(script.slots.indexOf(name), given);
  }
  const context: ScriptContext = { clientId: 0, clients: 1, variables, random: RandomStream.fromSeed(1n) };
  const [step] = script.steps;
  if (step?.op !== 'compute') {
    throw new Error('\\set compiles to a computation.');
  }
  // Twice: results may not depend on what was in a cell before.
  step.run(context);
  step.run(context);
  const slot = script.slots.indexOf('x');
  return variables.isNull(slot) ? 'NULL' : variables.text(slot);
}

test.each([
  // Precedence and association.
  ['1 + 2 * 3', '7'],
  ['(1 + 2) * 3', '9'],
  ['10 - 2 - 3', '5'],
  ['100 / 10 / 3', '3'],
  ['-2 * -3', '6'],
  ['- 2 + 5', '3'],
  ['~ 1 + 2', '-4'],
  ['~1 | 2', '-2'],
  ['1 | 2 + 4', '7'],
  ['7 & 3 << 1', '6'],
  ['1 + 2 < 4', 'true'],
  ['not 1 > 2 and true', 'true'],
  ['not false or true', 'true'],
  ['true or false and false', 'true'],
  ['1 = 1 is true', 'true'],
  ['not null is null', 'false'],
  ['1 is null is false', 'true'],
  ['1 + 1 isnull', 'false'],
  ['null notnull', 'false'],
  ['not not true', 'true'],
  ['- not_there', 'fails to compile'],
  // Integers.
  ['7 / 2', '3'],
  ['-7 / 2', '-3'],
  ['7 % -2', '1'],
  ['-7 % 2', '-1'],
  ['mod(-9223372036854775808, -1)', '0'],
  ['0 * -5', '0'],
  ['9007199254740991 + 1', '9007199254740992'],
  ['9007199254740992 - 1', '9007199254740991'],
  ['9007199254740993 / 2', '4503599627370496'],
  ['9007199254740991 / 9007199254740990', '1'],
  ['3037000499 * 3037000499', '9223372030926249001'],
  ['9223372036854775807', '9223372036854775807'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['- 9223372036854775808', '-9223372036854775808'],
  ['-9223372036854775807 - 1', '-9223372036854775808'],
  ['9223372036854775807 + 0 = 9223372036854775807', 'true'],
  ['9223372036854775806 < 9223372036854775807', 'true'],
  ['-9223372036854775808 < 9223372036854775807', 'true'],
  ['9223372036854775807 > -1', 'true'],
  ['abs(-9223372036854775808)', '-9223372036854775808'],
  ['abs(-9223372036854775807)', '9223372036854775807'],
  ['9223372036854775807 % 1000000007', '291172003'],
  ['-9223372036854775807 % 1000000007', '-291172003'],
  ['9223372036854775807 % 4611686018427387904', '4611686018427387903'],
  // Bits.
  ['1 << 63', '-9223372036854775808'],
  ['1 << 64', '1'],
  ['1 << 32', '4294967296'],
  ['-1 >> 63', '-1'],
  ['-9223372036854775808 >> 32', '-2147483648'],
  ['5 # -1', '-6'],
  ['2.5 & 3', '2'],
  ['3.5 | 0', '4'],
  // Doubles.
  ['1 / 2.0', '0.5'],
  ['1.0 / 0', 'Infinity'],
  ['1e3 + 1', '1001'],
  ['.5 + 1.', '1.5'],
  ['int(2.5)', '2'],
  ['int(3.5)', '4'],
  ['int(-2.5)', '-2'],
  ['int(-0.4)', '0'],
  ['double(3)', '3'],
  ['1 = 1.0', 'true'],
  ['sqrt(2)', '1.4142135623731'],
  ['exp(1)', '2.71828182845905'],
  ['ln(exp(2))', '2'],
  ['pi()', '3.14159265358979'],
  ['pow(2, 10)', '1024'],
  ['power(-8, 3)', '-512'],
  ['pow(2, -1)', '0.5'],
  ['pow(0, 0)', '1'],
  ['1 = pow(1, 1.0 / 0)', 'true'],
  ['1.0 / 0 = 1.0 / 0', 'true'],
  ['sqrt(-1) = sqrt(-1)', 'false'],
  ['sqrt(-1) <> sqrt(-1)', 'true'],
  ['least(3, 1, 2)', '1'],
  ['greatest(3, 1.5)', '3'],
  ['greatest(9223372036854775806, 9223372036854775807)', '9223372036854775807'],
  // NULL, and logic that is pgbench's own.
  ['null + 1', 'NULL'],
  ['1 < null', 'NULL'],
  ['least(1, null)', 'NULL'],
  ['hash(null)', 'NULL'],
  ['random(null, 1)', 'NULL'],
  ['not null', 'NULL'],
  ['null and false', 'NULL'],
  ['false and null', 'false'],
  ['true and null', 'NULL'],
  ['true or null', 'true'],
  ['null or true', 'NULL'],
  ['null is null', 'true'],
  ['null is not null', 'false'],
  ['null is true', 'false'],
  ['null is not true', 'true'],
  ['1 is true', 'false'],
  ['(1 = 1) is true', 'true'],
  // What is not needed is not computed.
  ['false and 1 / 0 = 1', 'false'],
  ['true or 1 / 0 = 1', 'true'],
  ['case when true then 1 else 1 / 0 end', '1'],
  ['case when 1 / 1 then 2 end', '2'],
  ['case when 0 then 1 when 0.0 then 2 when null then 3 when false then 4 end', 'NULL'],
  ['case when 0.1 then 1 end', '1'],
  ['CASE WHEN FALSE THEN 1 ELSE CASE WHEN TRUE THEN 2 END END', '2'],
  // Variables that were given as text.
  [':yes', 'true'],
  ['not :off', 'true'],
  [':none is null', 'true'],
  [':int + 1', '13'],
  [':real + 1', '1001'],
  [':hex', '0.25'],
  [':infinite', '-Infinity'],
  [':max', '9223372036854775807'],
  [':scale * 100000', '1000000'],
  // Seeds that are left out.
  ['hash(10)', '-5817877081768721676'],
  ['hash_murmur2(10) = hash(10, :default_seed)', 'true'],
  ['abs(hash(10)) % 1000', '676'],
  ['permute(0, 2)', '0'],
  // Ranges of one value, and wide ones.
  ['random(7, 7)', '7'],
  ['random(9223372036854775807, 9223372036854775807)', '9223372036854775807'],
  ['random_zipfian(5, 5, 1.5)', '5'],
  ['random_gaussian(1, 1, 2.0)', '1'],
  ['random(0, 9223372036854775806) >= 0', 'true'],
  ['random(-9223372036854775808, -9223372036854775808 + 9) < -9223372036854775798', 'true'],
])('%s is %s', (expression, expected) => {
  if (expected === 'fails to compile') {
    expect(() => value(expression)).toThrow('there is no function "not_there"');
    return;
  }
  expect(value(expression)).toBe(expected);
});

test.each([
  ['1 / 0', 'division by zero', 10],
  ['1 + 5 % 0', 'division by zero', 14],
  ['9223372036854775807 + 1', '9223372036854775808 is beyond the range of a 64-bit integer', 28],
  ['-9223372036854775808 / -1', '9223372036854775808 is beyond the range of a 64-bit integer', 29],
  ['3037000500 * 3037000500', '9223372037000250000 is beyond the range', 19],
  ['int(1e19)', '1e+19 is beyond the range of a 64-bit integer', 8],
  ['int(sqrt(-1))', 'NaN is beyond the range of a 64-bit integer', 8],
  ['true + 1', 'the boolean true is not an integer', 13],
  ['true + 1.5', 'the boolean true is not a number', 13],
  ['true = true', 'the boolean true is not an integer', 13],
  ['not 1', 'the integer 1 is not a boolean', 8],
  ['1 and true', 'the integer 1 is not a boolean', 10],
  ['true and 1.5', 'the double 1.5 is not a boolean', 13],
  ['random(2, 1)', 'the range from 2 to 1 is empty', 8],
  ['random(0, 9223372036854775807)', 'is too wide', 8],
  ['random_exponential(1, 10, 0)', 'must be greater than 0, but is 0', 8],
  ['random_gaussian(1, 10, 1.9)', 'must be at least 2, but is 1.9', 8],
  ['random_zipfian(1, 10, 1.0)', 'must be from 1.001 to 1000, but is 1', 8],
  ['permute(1, 0)', 'must be greater than 0, but is 0', 8],
  ['permute(1, -9223372036854775808)', 'must be greater than 0', 8],
  [':word', 'in variable "word" the value "hello" is neither a number nor a boolean', 8],
  [':letter', 'neither a number nor a boolean', 8],
  [':empty', 'neither a number nor a boolean', 8],
  [':wide', 'beyond the range of a 64-bit integer', 8],
  ['1 + :client_id', 'the variable "client_id" is not set', 12],
])('%s fails when it runs: %s', (expression, problem, column) => {
  expect(() => value(expression)).toThrow(ScriptFailure);
  expect(() => value(expression)).toThrow(problem);
  expect(() => value(expression)).toThrow(`t.sql:1:${column}: `);
});

test('a > b draws b first, as b < a', () => {
  const random = RandomStream.fromSeed(1n);
  const first = random.range(1, 1000);
  const second = random.range(1, 1000);
  expect(first).not.toBe(second);
  const drawn = `random(1, 1000) > random(1, 1000)`;
  const script = compileScript(
    { name: 't.sql', text: `\\set x ${drawn}` },
    { protocol: 'simple', variables: [] },
  );
  const variables = new Variables(script.slots);
  const [step] = script.steps;
  if (step?.op === 'compute') {
    step.run({ clientId: 0, clients: 1, variables, random: RandomStream.fromSeed(1n) });
  }
  expect(variables.text(0)).toBe(String(second > first));
});

test('debug() says what it sees, where, and lets it through', () => {
  const said: string[] = [];
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    said.push(String(chunk));
    return true;
  });
  try {
    for (const expression of ['1', '1.5', 'true', 'null', '9223372036854775807']) {
      value(`debug(${expression})`);
    }
  } finally {
    stderr.mockRestore();
  }
  const expected = ['int 1', 'double 1.5', 'boolean true', 'null', 'int 9223372036854775807'];
  expect(said).toEqual(
    expected.flatMap((text) => {
      const line = `debug(script=0,command=1): ${text}\n`;
      return [line, line];
    }),
  );
});
