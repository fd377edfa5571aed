import { expect, test } from 'vitest';
import type { Protocol } from '../../plan/plan.js';
import { seedChain } from '../random/seed-chain.js';
import { Variables } from '../variables.js';
import { type CompiledScript, compileScript } from './compile.js';

function compile(
  text: string,
  protocol: Protocol = 'prepared',
  variables: readonly string[] = [],
): CompiledScript {
  return compileScript({ name: 'test.sql', text }, { protocol, variables });
}

/** Computes all that a script computes, and returns its variables by name. */
function computed(text: string, given: Readonly<Record<string, string>> = {}): Map<string, string> {
  const script = compile(text, 'simple', Object.keys(given));
  const variables = new Variables(script.slots);
  for (const [name, value] of Object.entries(given)) {
    variables.setText(script.slots.indexOf(name), value);
  }
  const context = { clientId: 0, clients: 1, variables, random: seedChain(5432, { clients: 1 }).client(0) };
  let at = 0;
  for (let step = script.steps[at]; step !== undefined; step = script.steps[at]) {
    at += 1;
    if (step.op === 'compute') {
      step.run(context);
    } else if (step.op === 'branch') {
      at = step.test(context) ? at : step.otherwise;
    } else if (step.op === 'jump') {
      at = step.to;
    }
  }
  return new Map(
    script.slots.map((name, slot) => [name, variables.isNull(slot) ? 'NULL' : variables.text(slot)]),
  );
}

test('tpcb', () => {
  const script = compile(
    String.raw`\set aid random(1, 100000 * :scale)
\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
END;
`,
    'prepared',
    ['scale'],
  );
  expect(script.slots).toEqual(['scale', 'aid', 'delta']);
  expect(script.statements).toEqual([
    { text: 'BEGIN;', pieces: [], parameters: [], verb: 'begin' },
    {
      text: 'UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2;',
      pieces: [],
      parameters: [2, 1],
      verb: 'write',
    },
    { text: 'END;', pieces: [], parameters: [], verb: 'commit' },
  ]);
  expect(script.steps.map(({ op }) => op)).toEqual(['compute', 'compute', 'sql', 'sql', 'sql']);
});

test('the golden vectors of PostgreSQL’s own test', () => {
  const found = computed(String.raw`\set a random(10, 19)
\set b random_exponential(100, 199, 10.0)
\set c random_gaussian(1000, 1999, 10.0)
\set d random_zipfian(1, 9, 1.3)
\set e hash(10, 5432)
\set f hash_fnv1a(10, 5432)
\set g permute(0, 2, 5431)
\set size 9223372036854775797
\set h permute(:size-1, :size, 5432)
\set i permute(:size-4, :size, 5432)`);
  expect(Object.fromEntries(found)).toEqual({
    a: '17',
    b: '104',
    c: '1498',
    d: '3',
    e: '-5817877081768721676',
    f: '-7793829335365542153',
    g: '0',
    size: '9223372036854775797',
    h: '520382784483822430',
    i: '916527772266572956',
  });
});

test('a script of one compound message writes when any part of it does', () => {
  const writesOf = (text: string) =>
    compileScript({ name: 'x', text }, { protocol: 'simple', variables: [] }).writes;
  expect(writesOf('begin\\; insert into t values (1)\\; commit;')).toBe(true);
  expect(writesOf('begin\\; insert into t values (1);\ncommit;')).toBe(true);
  expect(writesOf('begin\\; select 1\\; commit;')).toBe(false);
});
