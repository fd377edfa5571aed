import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type PrivateServer, startPrivateServer } from '../../postgres/private-server.fixture.js';
import { ScriptFailure } from '../program.js';
import { seedChain } from '../random/seed-chain.js';
import { RandomStream } from '../random/stream.js';
import { Variables } from '../variables.js';
import { AUTOMATIC_VARIABLES, compileScript } from './compile.js';

const SEED = 5432;
const GIVEN = { text: 'on', number: '42', half: '-0.5', none: 'null', huge: '9223372036854775807' };

let server: PrivateServer;
let folder: string;

beforeAll(async () => {
  server = await startPrivateServer();
  folder = mkdtempSync(join(tmpdir(), 'pgha-bench-scripts-'));
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

/** What real pgbench says to the script with debug(), or undefined if it fails. */
function pgbenchSays(text: string): string[] | undefined {
  const file = join(folder, 'script.sql');
  writeFileSync(file, text);
  const defined = Object.entries(GIVEN).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  try {
    const { stderr } = server.run('pgbench', [
      '-n',
      '-t',
      '1',
      '--random-seed',
      String(SEED),
      ...defined,
      '-f',
      file,
    ]);
    return debugLines(stderr);
  } catch (error) {
    if (!String(error).includes('ended with 2')) {
      throw error;
    }
    return undefined;
  }
}

/** The same of the compiled script. */
function wePrint(text: string): string[] | undefined {
  const variables = [...AUTOMATIC_VARIABLES, ...Object.keys(GIVEN)];
  const script = compileScript({ name: 'script.sql', text }, { protocol: 'simple', variables });
  const chain = seedChain(SEED, { clients: 1 });
  const context = { clientId: 0, variables: new Variables(script.slots), random: chain.client(0) };
  const given = { ...GIVEN, scale: '1', client_id: '0', random_seed: String(SEED) };
  for (const [name, value] of Object.entries(given)) {
    context.variables.setText(script.slots.indexOf(name), value);
  }
  context.variables.setBigInt(script.slots.indexOf('default_seed'), chain.defaultSeed);
  const said: string[] = [];
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    said.push(String(chunk));
    return true;
  });
  try {
    for (const step of script.steps) {
      if (step.op === 'compute') {
        step.run(context);
      }
    }
    return debugLines(said.join(''));
  } catch (error) {
    if (error instanceof ScriptFailure) {
      return undefined;
    }
    throw error;
  } finally {
    stderr.mockRestore();
  }
}

function debugLines(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('debug('));
}

function shown(expressions: readonly string[]): string {
  return expressions.map((expression) => `\\set v debug(${expression})\n`).join('');
}

/** Expressions of any shape from one seed, most of them of the right types. */
class Expressions {
  private readonly random = RandomStream.fromSeed(20_000n);

  private pick<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.random.range(0, choices.length - 1)] ?? choices[0];
  }

  number(depth: number): string {
    if (depth === 0) {
      return this.leaf();
    }
    const a = () => this.number(depth - 1);
    return this.pick(
      () => `${a()} ${this.pick('+', '-', '*', '/', '%')} ${a()}`,
      () => `(${a()} ${this.pick('+', '-', '*', '/')} ${a()})`,
      () => `${a()} ${this.pick('&', '|', '#', '<<', '>>')} ${a()}`,
      () => `${this.pick('-', '+', '~')} ${a()}`,
      () => `case when ${this.boolean(depth - 1)} then ${a()} else ${a()} end`,
      () => `case when ${a()} then ${a()} end`,
      () => `${this.pick('abs', 'int', 'double', 'sqrt', 'exp', 'ln')}(${a()})`,
      () => `${this.pick('least', 'greatest')}(${a()}, ${a()}, ${a()})`,
      () => `${this.pick('hash', 'hash_fnv1a', 'hash_murmur2')}(${a()})`,
      () => `hash(${a()}, ${a()})`,
      () => `abs(hash(${a()})) % ${this.pick('100', '100000', '5000000000', '-7', '137438953473')}`,
      () =>
        `permute(${a()}, ${this.pick('1', '2', '3', '1000', '100000', '4294967296', '4294967297', ':huge')})`,
      () => `permute(${a()}, 1 + abs(${a()}), ${a()})`,
      () => `${this.pick('pow', 'power')}(${a()}, ${this.pick('2', '0.5', '-1', a())})`,
      () => `mod(${a()}, ${a()})`,
      () =>
        `random(${this.pick('1, 10', '-5, 5', '0, 4294967295', '-1, 4294967295', '0, 9223372036854775806', '7, 7')})`,
      () => `random(1, ${a()})`,
      () =>
        `random_exponential(1, ${this.pick('10', '100000', '5000000000')}, ${this.pick('0.1', '2.5', '10')})`,
      () => `random_gaussian(${this.pick('1, 10', '-100, 100000')}, ${this.pick('2.0', '2.5', '10')})`,
      () => `random_zipfian(1, ${this.pick('1', '10', '100000')}, ${this.pick('1.01', '1.5', '4')})`,
    )();
  }

  boolean(depth: number): string {
    if (depth === 0) {
      return this.pick('true', 'false', ':text', 'null', '1 < 2', 'true');
    }
    const a = () => this.number(depth - 1);
    const b = () => this.boolean(depth - 1);
    return this.pick(
      () => `${a()} ${this.pick('<', '<=', '>', '>=', '=', '<>', '!=')} ${a()}`,
      () => `${b()} ${this.pick('and', 'or')} ${b()}`,
      () => `not ${b()}`,
      () => `(${b()}) ${this.pick('is', 'is not')} ${this.pick('null', 'true', 'false')}`,
      () => `${a()} ${this.pick('isnull', 'notnull', 'is null')}`,
    )();
  }

  private leaf(): string {
    return this.pick(
      ...([
        '0',
        '1',
        '2',
        '-3',
        '17',
        '1000000',
        '4294967296',
        '9007199254740991',
        '9007199254740993',
      ] as const),
      ...([
        '9223372036854775807',
        '-9223372036854775808',
        ':number',
        ':half',
        ':huge',
        ':none',
        ':scale',
      ] as const),
      ...([
        '0.5',
        '2.5',
        '-1.5',
        '1e10',
        '.25',
        '3.',
        'pi()',
        'null',
        'random(1, 1000)',
        ':client_id',
      ] as const),
    );
  }
}

test('expressions of any shape have the values and the types that pgbench gives them', () => {
  const expressions = new Expressions();
  const good: string[] = [];
  const bad: string[] = [];
  while (good.length < 3000) {
    const expression =
      good.length % 3 === 0 ? expressions.boolean(3) : expressions.number(1 + (good.length % 3));
    // The random stream is not the one of the whole script, but failures rarely depend on it.
    (wePrint(shown([expression])) === undefined ? bad : good).push(expression);
  }
  const failing = new Set<string>();
  for (let from = 0; from < good.length; from += 100) {
    const batch = good.slice(from, from + 100);
    const ours = wePrint(shown(batch));
    if (ours === undefined) {
      failing.add(`batch ${from}`);
      continue;
    }
    const theirs = pgbenchSays(shown(batch)) ?? [];
    for (const [i, expression] of batch.entries()) {
      expect(ours[i], expression).toBe(theirs[i]);
    }
  }
  // A batch is lost where a value that was drawn made an error.
  expect(failing.size).toBeLessThan(15);
  for (const expression of bad.slice(0, 100)) {
    expect(pgbenchSays(shown([expression])), expression).toBeUndefined();
  }
}, 120_000);
