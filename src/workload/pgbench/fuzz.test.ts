import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Protocol } from '../../plan/plan.js';
import { type ScriptContext, ScriptFailure } from '../program.js';
import { RandomStream } from '../random/stream.js';
import { Variables } from '../variables.js';
import { META_COMMANDS } from './commands.js';
import { type CompiledScript, compileScript } from './compile.js';
import { checkArguments, FUNCTION_NAMES } from './functions.js';
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
      computes(script);
    } catch (error) {
      expect(error).toBeInstanceOf(ScriptError);
    }
  }
}

/** Runs whatever needs no server; anything that is thrown but the failure of a script fails the property. */
function computes(script: CompiledScript): void {
  const variables = new Variables(script.slots);
  variables.setText(script.slots.indexOf('scale'), '-7.5');
  const context: ScriptContext = { clientId: 0, clients: 1, variables, random: RandomStream.fromSeed(1n) };
  for (const step of script.steps) {
    try {
      if (step.op === 'compute') {
        step.run(context);
      } else if (step.op === 'branch') {
        step.test(context);
      } else if (step.op === 'sleep') {
        step.microseconds(context);
      } else if (step.op === 'shell') {
        step.command(context);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(ScriptFailure);
    }
  }
}

/** All but debug(), which would print. */
const CALLS = FUNCTION_NAMES.filter((name) => /^[a-z]/.test(name) && name !== 'debug');

const fragment = fc.constantFrom(
  ...META_COMMANDS.map((name) => `\\${name} `),
  ...CALLS.map((name) => `${name}(`),
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
      .tuple(fc.constantFrom(...CALLS), fc.array(tie('expression'), { maxLength: 3 }))
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

test('whatever the script, it compiles or is refused, and then computes or fails as a script', () => {
  fc.assert(fc.property(script, compiles), { numRuns: 10_000, seed: 4 });
}, 60_000);

/** Whole scripts that have nothing wrong, but for what only shows when they run. */
const right = fc.letrec<{ expression: string; block: string; command: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(':a', ':b', ':scale', '0', '-1', '2.5', '.5e3', 'null', 'TRUE', '9223372036854775807'),
    fc
      .tuple(
        fc.constantFrom(
          ...['+', '-', '*', '/', '%', '&', '|', '#', '<<', '>>', 'and', 'OR'],
          ...['=', '<>', '!=', '<', '<=', '>', '>='],
        ),
        fc.constantFrom(' ', '', '\t', ' \\\n '),
        tie('expression'),
        tie('expression'),
      )
      .map(([operator, blank, a, b]) => `(${a})${blank}${operator}${blank}(${b})`),
    fc
      .tuple(fc.constantFrom('is null', 'is not true', 'IS FALSE', 'isnull', 'notnull'), tie('expression'))
      .map(([test, of]) => `(${of}) ${test}`),
    fc
      .tuple(fc.constantFrom('- ', '~', 'not ', '+'), tie('expression'))
      .map(([sign, of]) => `(${sign}(${of}))`),
    fc
      .tuple(fc.constantFrom(...CALLS), fc.infiniteStream(tie('expression')), fc.nat({ max: 3 }))
      .map(([name, args, extra]) => {
        const least = [0, 1, 2, 3].find((count) => checkArguments(name, count) === undefined) ?? 0;
        const count = checkArguments(name, least + extra) === undefined ? least + extra : least;
        return `${name}(${Array.from({ length: count }, () => args.next().value).join(',')})`;
      }),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `case when ${a} then ${b} when ${c} then ${a} else ${b} end`),
  ),
  command: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc
      .tuple(fc.constantFrom('a', 'b', 'größe', '_1'), tie('expression'))
      .map(([name, of]) => `\\set ${name} ${of}`),
    fc.constantFrom(
      "select :a, ':b', $$;:a$$, 1::int -- ;\n/* ; /* */ */;",
      'begin; insert into t values (:a, :größe); end;',
      'select 1 as a \\gset',
      'select 2 as b\n\\aset p_',
      '\\sleep :a ms',
      '\\sleep 10us',
      '\\shell echo :b ::b',
      '\\setshell a expr :a + 1',
    ),
    fc
      .tuple(tie('expression'), tie('block'), tie('expression'), tie('block'), tie('block'))
      .map(([a, then, b, other, last]) =>
        [`\\if ${a}`, then, `\\elif ${b}`, other, '\\else', last, '\\endif'].join('\n'),
      ),
  ),
  block: fc.array(tie('command'), { maxLength: 3 }).map((commands) => commands.join('\n')),
}));

const OF_ONE_PROTOCOL = {
  simple: ['select 1 as a\\; select :b;', 'select 1\\; select 2 as b \\gset'],
  extended: ['\\startpipeline\nselect :a;\n\\set a 1\nselect :b;\n\\endpipeline'],
  prepared: ['\\startpipeline\n\\syncpipeline\nselect :a;\n\\endpipeline'],
} as const;

test.each(PROTOCOLS)(
  'a script that has nothing wrong compiles: %s',
  (protocol) => {
    const commands = fc.array(fc.oneof(right.command, fc.constantFrom(...OF_ONE_PROTOCOL[protocol])), {
      minLength: 1,
      maxLength: 8,
    });
    const property = fc.property(commands, (lines) => {
      const text = ['\\set a 7', '\\set b 1.5', '\\set größe 0', ...lines].join('\n');
      computes(compileScript({ name: 'fuzz.sql', text }, { protocol, variables: ['scale'] }));
    });
    fc.assert(property, { numRuns: 1000, seed: 5 });
  },
  60_000,
);

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
