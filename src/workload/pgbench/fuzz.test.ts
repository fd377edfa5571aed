import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Protocol } from '../../plan/plan.js';
import { compileScript } from './compile.js';
import { ScriptError } from './script-error.js';

const PROTOCOLS: readonly Protocol[] = ['simple', 'extended', 'prepared'];

/** Compiles for each protocol; anything that is thrown but the parser's own error fails the property. */
function compiles(text: string): void {
  for (const protocol of PROTOCOLS) {
    try {
      const script = compileScript({ name: 'fuzz.sql', text }, { protocol, variables: ['scale'] });
      const targets = script.steps.map((step) =>
        step.op === 'branch' ? step.otherwise : step.op === 'jump' ? step.to : 1,
      );
      expect(targets.every((target) => target > 0 && target <= script.steps.length)).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(ScriptError);
    }
  }
}

const fragment = fc.constantFrom(
  ...[
    '\\set x ',
    '\\set ',
    '\\if ',
    '\\elif ',
    '\\else',
    '\\endif',
    '\\gset',
    '\\gset p_',
    '\\aset',
    '\\sleep ',
  ],
  ...[
    '\\shell ',
    '\\setshell x ',
    '\\startpipeline',
    '\\syncpipeline',
    '\\endpipeline',
    '\\nonsense',
    '\\',
    '\\;',
  ],
  ...[
    '\n',
    '\n',
    '\n',
    ' ',
    '\t',
    '\r\n',
    ';',
    ';',
    '\\\n',
    '--',
    '/*',
    '*/',
    "'",
    '"',
    '$$',
    '$a$',
    "E'",
    "''",
  ],
  ...[
    '(',
    ')',
    '[',
    ']',
    ',',
    '+',
    '-',
    '*',
    '/',
    '%',
    '<<',
    '>>',
    '<',
    '<=',
    '<>',
    '!=',
    '=',
    '|',
    '#',
    '&',
    '~',
  ],
  ...[
    '1',
    '0',
    '9223372036854775807',
    '9223372036854775808',
    '99999999999999999999',
    '1e400',
    '.5',
    '1.',
    '1e',
  ],
  ...[
    ':x',
    ':scale',
    '::int',
    ':',
    ':9',
    ':größe',
    'x',
    '10ms',
    'us',
    'null',
    'true',
    'false',
    'is',
    'not',
    'and',
  ],
  ...[
    'or',
    'case',
    'when',
    'then',
    'else',
    'end',
    'isnull',
    'notnull',
    'random(',
    'hash(',
    'permute(',
    'abs(',
  ],
  ...[
    'least(',
    'pi()',
    'select',
    'insert',
    'begin',
    'commit',
    'create function f() begin',
    'with',
    '\u0000',
    '🐘',
  ],
);

/** An expression that is mostly right, so that what is behind it is reached. */
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('1', '2.5', ':x', ':scale', 'null', 'true', '-7', 'pi()', '9223372036854775807', '(', ''),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '*', '<', '=', '|', '<<', 'and', 'or', 'is', '%'),
        tie('expression'),
      )
      .map((parts) => parts.join(' ')),
    fc.tuple(fc.constantFrom('-', '~', 'not', '+'), tie('expression')).map((parts) => parts.join(' ')),
    tie('expression').map((inner) => `(${inner})`),
    fc
      .tuple(
        fc.constantFrom('abs', 'hash', 'random', 'least', 'permute'),
        fc.array(tie('expression'), { maxLength: 3 }),
      )
      .map(([name, args]) => `${name}(${args.join(', ')})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `case when ${a} then ${b} else ${c} end`),
  ),
}));

const line = fc.oneof(
  expression.map((text) => `\\set x ${text}`),
  expression.map((text) => `\\if ${text}\nselect :x;\n\\endif`),
  expression.map((text) => `\\if ${text}\n\\elif ${text}\nselect 1;\n\\else\ninsert;\n\\endif`),
  fc.constantFrom(
    'select 1 as x \\gset',
    'select 1\\; select :x \\aset p_',
    '\\sleep :x ms',
    '\\shell echo :x',
  ),
  fc.constantFrom(
    '\\startpipeline',
    '\\syncpipeline',
    '\\endpipeline',
    "select ':x', $$;$$ -- :y",
    'begin;',
    'end;',
  ),
  fragment,
);

const script = fc.oneof(
  { weight: 8, arbitrary: fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n')) },
  { weight: 6, arbitrary: fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')) },
  { weight: 6, arbitrary: fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(' ')) },
  {
    weight: 3,
    arbitrary: fc.array(fragment, { maxLength: 30 }).map((parts) => `\\set x ${parts.join(' ')}`),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 200, unit: 'binary' }) },
);

test('whatever the script, it compiles or is refused', () => {
  fc.assert(fc.property(script, compiles), { numRuns: 10_000, seed: 4 });
}, 60_000);

test.each([
  ['parentheses', (n: number) => `\\set x ${'('.repeat(n)}1${')'.repeat(n)}`],
  ['signs', (n: number) => `\\set x ${'- '.repeat(n)}1`],
  ['a chain of additions', (n: number) => `\\set x 1${' + 1'.repeat(n)}`],
  ['NOT', (n: number) => `\\set x ${'not '.repeat(n)}true`],
  ['CASE', (n: number) => `\\set x ${'case when '.repeat(n)}1${' then 1 end'.repeat(n)}`],
  ['IS', (n: number) => `\\set x 1${' is null'.repeat(n)}`],
  ['calls', (n: number) => `\\set x ${'abs('.repeat(n)}1${')'.repeat(n)}`],
  ['conditions', (n: number) => `${'\\if 1\n'.repeat(n)}select 1;\n${'\\endif\n'.repeat(n)}`],
  ['arms', (n: number) => `\\if 1\n${'\\elif 1\nselect 1;\n'.repeat(n)}\\endif`],
  ['comments', (n: number) => `${'/*'.repeat(n)}${'*/'.repeat(n)} select 1;`],
  ['variables', (n: number) => `select ${':scale '.repeat(n)};`],
  ['statements', (n: number) => 'select 1;\n'.repeat(n)],
  ['joined statements', (n: number) => `${'select 1\\;'.repeat(n)};`],
])('%s nested or repeated ten thousand times do not exhaust the stack', (_name, text) => {
  compiles(text(10));
  compiles(text(10_000));
});
