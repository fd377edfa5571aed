import { expect, test } from 'vitest';
import type { Protocol } from '../../plan/plan.js';
import type { ScriptContext, Step } from '../program.js';
import { ScriptFailure } from '../program.js';
import { RandomStream } from '../random/stream.js';
import { Variables } from '../variables.js';
import { type CompiledScript, compileScript, compileScripts } from './compile.js';
import { ScriptError } from './script-error.js';
import { parseShellInteger } from './shell.js';

function compile(
  text: string,
  protocol: Protocol = 'simple',
  variables: readonly string[] = [],
): CompiledScript {
  return compileScript({ name: 't.sql', text }, { protocol, variables });
}

function contextOf({ slots }: CompiledScript, given: Readonly<Record<string, string>> = {}): ScriptContext {
  const variables = new Variables(slots);
  for (const [name, value] of Object.entries(given)) {
    variables.setText(slots.indexOf(name), value);
  }
  return { clientId: 0, clients: 1, variables, random: RandomStream.fromSeed(1n) };
}

/** Texts of the statements that a run sends, in order. */
function sent(script: CompiledScript, context: ScriptContext): string[] {
  const texts: string[] = [];
  let at = 0;
  for (let step = script.steps[at]; step !== undefined; step = script.steps[at]) {
    at += 1;
    if (step.op === 'sql' || step.op === 'store') {
      texts.push(script.statements[step.statement]?.text ?? '');
    } else if (step.op === 'compute') {
      step.run(context);
    } else if (step.op === 'branch') {
      at = step.test(context) ? at : step.otherwise;
    } else if (step.op === 'jump') {
      at = step.to;
    }
  }
  return texts;
}

const CONDITIONS = String.raw`\if :a
one;
\if :b
two;
\elif 1 / :zero = 1
three;
\endif
\elif :b
four;
\else
five;
\endif
six;`;

test.each([
  ['1', '1', ['one;', 'two;', 'six;']],
  ['0', 'true', ['four;', 'six;']],
  ['null', '0.0', ['five;', 'six;']],
  ['false', 'null', ['five;', 'six;']],
])('conditions with a = %s and b = %s', (a, b, expected) => {
  const script = compile(CONDITIONS, 'simple', ['a', 'b', 'zero']);
  expect(sent(script, contextOf(script, { a, b, zero: '0' }))).toEqual(expected);
});

test('a condition that is reached is evaluated', () => {
  const script = compile(CONDITIONS, 'simple', ['a', 'b', 'zero']);
  expect(() => sent(script, contextOf(script, { a: '1', b: '0', zero: '0' }))).toThrow(
    't.sql:5:9: division by zero',
  );
});

test('simple: variables stand between the pieces of the text, unknown ones in quotes stay', () => {
  const script = compile("select :x::int, '12:30 :x :y', ::x, :5, a[1:n], $$:y$$ -- :x :z\n;", 'simple', [
    'x',
  ]);
  expect(script.slots).toEqual(['x']);
  expect(script.statements[0]?.pieces).toEqual([
    'select ',
    0,
    "::int, '12:30 ",
    0,
    " :y', ::x, :5, a[1:n], $$:y$$ -- ",
    0,
    ' :z\n;',
  ]);
});

test('extended: each reference is a parameter of its own, in quotes too, and an unknown one is NULL', () => {
  const script = compile("select :x::int, ':x', ::x, :y, :größe;", 'extended', ['x', 'größe']);
  expect(script.statements[0]).toMatchObject({
    text: "select $1::int, '$2', ::x, $3, $4;",
    pieces: [],
    parameters: [0, 0, -1, 1],
  });
});

test('scripts that are compiled together share their variables', () => {
  const [first, second] = compileScripts(
    [
      { name: 'a', text: '\\set x 1\nselect :x;' },
      { name: 'b', text: 'select :y, :x;\n\\set y 2' },
    ],
    { protocol: 'prepared', variables: ['scale'] },
  );
  expect(first?.slots).toEqual(['scale', 'x', 'y']);
  expect(second?.slots).toEqual(first?.slots);
  expect(second?.statements[0]?.parameters).toEqual([2, 1]);
});

test('\\gset and \\aset end a statement and say where its columns go', () => {
  const script = compile(
    'select 1 as a, 2 as b \\gset p_\nselect :p_a;\nselect 3 as c\\; select 4 \\aset\nselect :c;',
  );
  expect(script.steps).toMatchObject([
    { op: 'store', statement: 0, rows: 'only-row', prefix: 'p_' },
    { op: 'sql', statement: 1 },
    { op: 'store', statement: 2, rows: 'last-rows', prefix: '' },
    { op: 'sql', statement: 3 },
  ]);
  const [step] = script.steps;
  expect(step?.op === 'store' && [...step.slots]).toEqual([
    ['p_a', 0],
    ['c', 1],
  ]);
  expect(script.statements[0]?.text).toBe('select 1 as a, 2 as b ');
});

function microseconds(text: string, given: Readonly<Record<string, string>> = {}): number {
  const script = compile(text, 'simple', Object.keys(given));
  const step = script.steps.at(-1) as Step;
  if (step.op !== 'sleep') {
    throw new Error('\\sleep compiles to a sleep.');
  }
  const context = contextOf(script, given);
  for (const before of script.steps) {
    if (before.op === 'compute') {
      before.run(context);
    }
  }
  return step.microseconds(context);
}

test('\\sleep takes seconds, other units, units that are joined, and variables', () => {
  expect(microseconds('\\sleep 2')).toBe(2_000_000);
  expect(microseconds('\\sleep 10 ms')).toBe(10_000);
  expect(microseconds('\\sleep 10MS')).toBe(10_000);
  expect(microseconds('\\sleep +7us')).toBe(7);
  expect(microseconds('\\sleep -1 s')).toBe(-1_000_000);
  expect(microseconds('\\sleep :x ms', { x: '3' })).toBe(3000);
  expect(microseconds('\\set x 3.9\n\\sleep :x us')).toBe(3);
  expect(microseconds('\\sleep :x', { x: '5 minutes' })).toBe(5_000_000);
  expect(() => microseconds('\\sleep :x', { x: 'long' })).toThrow(ScriptFailure);
});

test('the words of \\shell are joined, with variables in their places', () => {
  const script = compile('\\setshell n echo  :x ::x "a b" \\\n  :y', 'simple', ['x', 'y']);
  const [step] = script.steps;
  if (step?.op !== 'shell') {
    throw new Error('\\setshell compiles to a shell.');
  }
  expect(step.command(contextOf(script, { x: '42', y: 'z' }))).toBe('echo 42 :x "a b" z');
  expect(script.slots[step.slot]).toBe('n');
  expect(() => step.command(contextOf(script))).toThrow('t.sql:1:19: the variable "x" is not set');
  expect(() => step.command(contextOf(script, { x: 'y'.repeat(300), y: '' }))).toThrow(
    'longer than 255 bytes',
  );
});

test('the output of \\setshell is an integer of 32 bits', () => {
  expect(parseShellInteger(' -12 \nmore')).toBe(-12);
  expect(parseShellInteger('2147483647')).toBe(2147483647);
  for (const output of ['', 'x', '1x', '2147483648', '1.5']) {
    expect(() => parseShellInteger(output)).toThrow(ScriptFailure);
  }
});

test('pipelines', () => {
  const script = compile('\\startpipeline\nselect 1;\n\\syncpipeline\nselect 2;\n\\endpipeline', 'prepared');
  expect(script.steps).toMatchObject([
    { op: 'pipeline', action: 'start' },
    { op: 'sql' },
    { op: 'pipeline', action: 'sync' },
    { op: 'sql' },
    { op: 'pipeline', action: 'end' },
  ]);
  // Whether one has begun is not known before it runs.
  compile('\\if 1\n\\startpipeline\n\\else\n\\startpipeline\n\\endif\nselect 1;\n\\endpipeline', 'prepared');
});

test('commands know their lines', () => {
  const { commands } = compile('-- first\n\\set x 1\n\n  select\n  :x;\n\\if :x\n\\endif\nselect 2;');
  expect(commands).toEqual([
    { step: 0, line: 2, text: '\\set x 1' },
    { step: 1, line: 4, text: 'select' },
    { step: 2, line: 6, text: '\\if :x' },
    { step: 3, line: 7, text: '\\endif' },
    { step: 3, line: 8, text: 'select 2;' },
  ]);
});

test('a meta command is at home anywhere in a line and goes on behind a backslash', () => {
  const script = compile(
    '\\set x 1 + \\\n  2 \\\r\n + 3\n \t\\SET y :x\nselect 1 \\set z 2\nselect :x, :y, :z',
  );
  expect(script.steps.map(({ op }) => op)).toEqual(['compute', 'compute', 'sql', 'compute', 'sql']);
  expect(sent(script, contextOf(script))).toEqual(['select 1 ', 'select :x, :y, :z']);
});

const PREPARED = 'prepared';

test.each<[text: string, problem: string, line: number, column: number, protocol?: Protocol]>([
  ['', 'the script has no command', 1, 1],
  ['-- nothing\n', 'the script has no command', 1, 1],
  ['\\nope', 'there is no meta command "\\nope"', 1, 1],
  ['select 1;\n \\', 'there is no meta command "\\"', 2, 2],
  ['\\set', 'the name of a variable is missing', 1, 5],
  ['\\set 1x 1', '"1x" cannot be the name of a variable', 1, 6],
  ['\\set x', 'expected an expression, but the line ends', 1, 7],
  ['\\set x\n1', 'expected an expression, but the line ends', 1, 7],
  ['\\set x 1 +', 'expected an expression, but the line ends', 1, 11],
  ['\\set x 1 2', 'expected an operator or the end of the line, but found "2"', 1, 10],
  ['\\set x (1', 'expected a closing parenthesis, but the line ends', 1, 10],
  ['\\set x 1)', 'expected an operator or the end of the line, but found ")"', 1, 9],
  ['\\set x 1 < 2 < 3', 'comparisons do not chain', 1, 14],
  ['\\set x 1 $ 2', 'unexpected character "$"', 1, 10],
  ["\\set x 'a'", 'unexpected character "\'"', 1, 8],
  ['\\set x 9223372036854775808', 'is beyond the range of a 64-bit integer', 1, 8],
  ['\\set x - (9223372036854775808)', 'is beyond the range of a 64-bit integer', 1, 11],
  ['\\set x 9223372036854775809', 'is beyond the range of a 64-bit integer', 1, 8],
  ['\\set x 1e999', '1e999 is beyond the range of a double', 1, 8],
  ['\\set x foo(1)', 'there is no function "foo"', 1, 8],
  ['\\set x pi', 'expected an opening parenthesis behind "pi", but the line ends', 1, 10],
  ['\\set x random(1)', 'random() takes 2 arguments, but has 1', 1, 8],
  ['\\set x abs()', 'abs() takes 1 argument, but has 0', 1, 8],
  ['\\set x least()', 'least() takes 1 to 16 arguments, but has 0', 1, 8],
  ['\\set x hash(1, 2, 3)', 'hash() takes 1 to 2 arguments, but has 3', 1, 8],
  ['\\set x 1 is 2', 'expected NULL, TRUE or FALSE behind IS, but found "2"', 1, 13],
  ['\\set x case 1 end', 'expected WHEN behind CASE, but found "1"', 1, 13],
  ['\\set x case when 1 then 2', 'expected END, but the line ends', 1, 26],
  ['\\set x and', 'expected an expression, but found "and"', 1, 8],
  ['\\set x :y + 1', 'nothing sets the variable "y"', 1, 8],
  ['\\if', 'expected an expression, but the line ends', 1, 4],
  ['select 1;\n\\if 1\nselect 2;', '\\if has no \\endif', 2, 1],
  ['\\endif', '\\endif has no \\if', 1, 1],
  ['\\else', '\\else has no \\if', 1, 1],
  ['\\elif 1', '\\elif has no \\if', 1, 1],
  ['\\if 1\n\\else\n\\else\n\\endif', '\\else comes behind \\else', 3, 1],
  ['\\if 1\n\\else\n\\elif 1\n\\endif', '\\elif comes behind \\else', 3, 1],
  ['\\if 1\n\\endif now', '"now" is one argument too many', 2, 8],
  ['\\gset', '\\gset must follow an SQL statement', 1, 1],
  ['\\set x 1\n\\aset', '\\aset must follow an SQL statement', 2, 1],
  ['select 1 \\gset\n\\gset', '\\gset must follow an SQL statement', 2, 1],
  ['select 1 \\gset a b', '"b" is one argument too many', 1, 18],
  ['select 1 \\gset 9', '"9" cannot begin the name of a variable', 1, 16],
  ['\\sleep', 'the time to sleep is missing', 1, 7],
  ['\\sleep x', 'the time to sleep must be an integer, but is "x"', 1, 8],
  ['\\sleep 1.5', 'a time is given in us, ms or s, not in ".5"', 1, 9],
  ['\\sleep 1 h', 'a time is given in us, ms or s, not in "h"', 1, 10],
  ['\\sleep 1 s s', '"s" is one argument too many', 1, 12],
  ['\\sleep :pause', 'nothing sets the variable "pause"', 1, 8],
  ['\\shell', 'the command for the shell is missing', 1, 7],
  ['\\setshell x', 'the command for the shell is missing', 1, 12],
  ['\\shell echo :nope', 'nothing sets the variable "nope"', 1, 13],
  ['select 1,\n  :nope;', 'nothing sets the variable "nope"', 2, 3],
  ['-- a\nselect 1\\; select :nope;', 'nothing sets the variable "nope"', 2, 19],
  ['\\startpipeline', 'a pipeline needs the extended or prepared protocol, not simple', 1, 1],
  ['\\startpipeline', '\\startpipeline has no \\endpipeline', 1, 1, PREPARED],
  ['\\endpipeline', '\\endpipeline has no \\startpipeline', 1, 1, PREPARED],
  ['\\syncpipeline', '\\syncpipeline has no \\startpipeline', 1, 1, PREPARED],
  ['\\startpipeline\n\\startpipeline', 'a pipeline has already begun', 2, 1, PREPARED],
  [
    '\\startpipeline\nselect 1 \\gset\n\\endpipeline',
    'a result cannot be stored within a pipeline',
    2,
    10,
    PREPARED,
  ],
  ['select 1\\; select 2;', '\\; joins statements for the simple protocol only', 1, 1, PREPARED],
  [`select ${':scale,'.repeat(256)} 1;`, 'a statement takes at most 255 variables', 1, 1793, PREPARED],
])('%j is refused: %s', (text, problem, line, column, protocol = 'simple') => {
  let error: unknown;
  try {
    compile(text, protocol, ['scale']);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ScriptError);
  expect(String(error)).toContain(problem);
  expect(error).toMatchObject({ line, column });
});

test('an error shows the line with a caret below what is wrong', () => {
  expect(() => compile('select 1;\n\t\\set größe\tfoo(1)\r\n')).toThrow(
    't.sql:2:13: there is no function "foo"\n\t\\set größe\tfoo(1)\n\t          \t^',
  );
});
