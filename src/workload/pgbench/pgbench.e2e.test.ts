import { execSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Protocol } from '../../plan/plan.js';
import { type PrivateServer, startPrivateServer } from '../../postgres/private-server.fixture.js';
import { type ScriptContext, ScriptFailure, type Statement, type Step } from '../program.js';
import { seedChain } from '../random/seed-chain.js';
import { RandomStream } from '../random/stream.js';
import { Variables } from '../variables.js';
import { AUTOMATIC_VARIABLES, type CompiledScript, compileScript } from './compile.js';
import { parseShellInteger } from './shell.js';

const SEED = 5432;
const GIVEN = { text: 'on', number: '42', half: '-0.5', none: 'null', huge: '9223372036854775807' };

let server: PrivateServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgha-bench-scripts-'));
  // The server of an unprivileged user writes its log there.
  chmodSync(folder, 0o777);
  server = await startPrivateServer({
    logging_collector: 'on',
    log_destination: 'jsonlog',
    log_directory: folder,
    log_filename: 'server.log',
    log_statement: 'all',
    log_file_mode: '0644',
  });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
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
  const context = {
    clientId: 0,
    clients: 1,
    variables: new Variables(script.slots),
    random: chain.client(0),
  };
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

/** Statements that reached the server since the last call, with the values of their parameters. */
async function logged(application: string): Promise<string[]> {
  const lines = (await newLogLines()).filter((line) => line !== '');
  return lines
    .map((line): LogEntry => JSON.parse(line))
    .filter((entry) => entry.application_name === application)
    .filter(({ message }) => /^(statement|execute [^:]*): /.test(message))
    .map(({ message, detail = '' }) => `${message.replace(/^[^:]*: /, '')} | ${detail}`);
}

/** The log is written by a process of its own: all is there when a statement is that was sent behind the others. */
async function newLogLines(): Promise<string[]> {
  const marker = `marker ${readLines}`;
  const changes = watch(folder);
  try {
    const sql = await server.connect();
    await sql.query(`select '${marker}'`);
    await sql.end();
    for (;;) {
      const lines = readFileSync(join(folder, 'server.json'), 'utf8').split('\n').slice(readLines);
      if (lines.some((line) => line.includes(marker))) {
        readLines += lines.length - 1;
        return lines;
      }
      await once(changes, 'change');
    }
  } finally {
    changes.close();
  }
}

let readLines = 0;

interface LogEntry {
  readonly application_name?: string;
  readonly message: string;
  readonly detail?: string;
}

/** Runs a program one statement after the other over a client of pg: the plainest interpreter that there can be. */
class Interpreter {
  private readonly variables: Variables;
  private readonly context: ScriptContext;

  constructor(
    private readonly sql: pg.Client,
    private readonly script: CompiledScript,
    private readonly protocol: Protocol,
  ) {
    const chain = seedChain(SEED, { clients: 1 });
    this.variables = new Variables(script.slots);
    this.context = { clientId: 0, clients: 1, variables: this.variables, random: chain.client(0) };
    const given = { ...GIVEN, scale: '1', client_id: '0', random_seed: String(SEED) };
    for (const [name, value] of Object.entries(given)) {
      this.variables.setText(script.slots.indexOf(name), value);
    }
    this.variables.setBigInt(script.slots.indexOf('default_seed'), chain.defaultSeed);
  }

  async run(): Promise<void> {
    const { steps } = this.script;
    let at = 0;
    for (let step = steps[at]; step !== undefined; step = steps[at]) {
      at += 1;
      if (step.op === 'branch') {
        at = step.test(this.context) ? at : step.otherwise;
      } else if (step.op === 'jump') {
        at = step.to;
      } else {
        await this.step(step);
      }
    }
  }

  private async step(step: Step): Promise<void> {
    if (step.op === 'compute') {
      step.run(this.context);
    } else if (step.op === 'sql') {
      await this.query(step.statement);
    } else if (step.op === 'store') {
      for (const result of await this.query(step.statement)) {
        const row = result.rows.at(-1);
        for (const [i, field] of result.fields.entries()) {
          const slot = step.slots.get(step.prefix + field.name);
          const value = row?.[i];
          if (slot !== undefined && row !== undefined) {
            this.variables.setText(slot, value === null ? '' : String(value));
          }
        }
      }
    } else if (step.op === 'shell') {
      const output = execSync(step.command(this.context), { encoding: 'utf8' });
      if (step.slot >= 0) {
        this.variables.setInteger(step.slot, parseShellInteger(output));
      }
    } else if (step.op === 'sleep') {
      step.microseconds(this.context);
    }
  }

  private async query(index: number): Promise<pg.QueryArrayResult[]> {
    const statement = this.script.statements[index];
    if (statement === undefined) {
      throw new Error(`There is no statement ${index}.`);
    }
    // Rows as text, as a program stores them.
    const types = { getTypeParser: () => (text: string) => text };
    const query =
      this.protocol === 'simple'
        ? { text: this.joined(statement) }
        : {
            text: statement.text,
            values: statement.parameters.map((slot) =>
              slot < 0 || this.variables.isNull(slot) ? null : this.variables.text(slot),
            ),
            queryMode: 'extended',
          };
    const result: pg.QueryArrayResult | pg.QueryArrayResult[] = await this.sql.query({
      ...query,
      rowMode: 'array',
      types,
    });
    return Array.isArray(result) ? result : [result];
  }

  private joined({ pieces }: Statement): string {
    const target = Buffer.alloc(10_000);
    let end = 0;
    for (const piece of pieces) {
      end =
        typeof piece === 'string'
          ? end + target.write(piece, end)
          : this.variables.writeSubstitution(piece, target, end);
    }
    return target.toString('utf8', 0, end);
  }
}

const ALL: readonly Protocol[] = ['simple', 'extended', 'prepared'];
const SIMPLE: readonly Protocol[] = ['simple'];

const SCRIPTS: Readonly<Record<string, readonly [protocols: readonly Protocol[], text: string]>> = {
  values: [
    ALL,
    String.raw`-- not sent
\set i random(1, 1000)
\set d 1.0 / 3
\set b :i > 0
\set big 9223372036854775807
select :i, :d, :b, :big, :half, :number; -- not sent either
select :i /* c */, :b -- c
  , :i::int8, -(:number::int8) as "a;b";
`,
  ],
  stored: [
    ALL,
    String.raw`select 1 as one, '-2.5' as two \gset p_
select :p_one, :p_one::int + :number, :p_two;
\set sum :p_one + 1
select :sum as sum, 2 as other \gset
\if :p_one = 1
select 5 as five \aset
select :five, :sum;
\endif
select 1 as five where false \aset
select :five;
`,
  ],
  // A variable that is NULL is NULL here for each protocol; pgbench sends the text NULL for all but simple.
  nothing: [
    SIMPLE,
    String.raw`\set n null
select 1 as a, :n as b \gset
select :a, :n, '(:b)';
`,
  ],
  joined: [
    SIMPLE,
    String.raw`begin\; select 1 as a\; select 2 as b, ';' as c \aset
select :a, :b\; commit;
select 'unset :nothing :b', ':text', '12:30:00', (array[1,2])[1:2] /* :i */ -- :number
;
`,
  ],
  branches: [
    ALL,
    String.raw`\set i 0
\if :i
select 'no';
\elif :none
select 'no';
\elif :number > 41
select 'yes';
\if :text
select 'inner';
\else
select 'no';
\endif
\else
select 'no';
\endif
select 'behind' \set j 2
select :j::text
`,
  ],
  shell: [
    ALL,
    String.raw`\setshell n expr 1 + :number
\shell true ::x :n
select :n;
\sleep 1 us
\sleep :n us
`,
  ],
  quotes: [
    ALL,
    String.raw`select $$a;b$$, E'\';', $x$ $$ ; $x$, 'it''s; ' /* ; /* ; */ */;
create or replace function pg_temp.f(a int) returns int begin atomic select 1; select a; end;
/* alone */;
select (select 1
-- within ;
) as "a;""b", E'a'
  -- between
  '\';';
;
/* last */
`,
  ],
  distributions: [
    ALL,
    String.raw`\set a random_exponential(1, 100000, 2.5)
\set b random_gaussian(1, 100000, 2.5)
\set c random_zipfian(1, 100000, 1.07)
\set d permute(:a, 100000)
\set e abs(hash(:b)) % 1000
\set f hash_fnv1a(:c)
\set g sqrt(:a) + ln(:b) * exp(0.001) - pow(:e, 1.5) + pi()
\set h greatest(:a, :b, :c) - least(:a, :b, :c) + mod(:a, 7) # 5 & 3 | 1 << 2 >> 1
\set i case when :a < :b then double(:a) when :a is null then 0 else int(2.5) end
select :a, :b, :c, :d, :e, :f, :g, :h, :i, :default_seed, :random_seed, :client_id, :scale;
`,
  ],
};

test.each(
  Object.entries(SCRIPTS).flatMap(([name, [protocols, text]]) =>
    protocols.map((protocol) => [name, protocol, text] as const),
  ),
)('the server sees the same statements as from pgbench: %s, %s', async (_name, protocol, text) => {
  await newLogLines();
  const file = join(folder, 'script.sql');
  writeFileSync(file, text);
  const defined = Object.entries(GIVEN).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  const seed = ['--random-seed', String(SEED)];
  server.run('pgbench', ['-n', '-t', '1', '-M', protocol, ...seed, ...defined, '-f', file]);
  const theirs = await logged('pgbench');
  const sql = await server.connect();
  try {
    await sql.query("set application_name = 'ours'");
    const variables = [...AUTOMATIC_VARIABLES, ...Object.keys(GIVEN)];
    const script = compileScript({ name: file, text }, { protocol, variables });
    await new Interpreter(sql, script, protocol).run();
  } finally {
    await sql.end();
  }
  expect(theirs.length).toBeGreaterThan(0);
  expect(await logged('ours')).toEqual(theirs);
});

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

test('each client, default_seed and the choice of scripts draw from the seed as in pgbench', () => {
  const files = ['a', 'b', 'c'].map((name, index) => {
    const file = join(folder, `${name}.sql`);
    writeFileSync(
      file,
      `\\set v debug(${index})\n\\set v debug(:client_id)\n\\set v debug(random(1, 1000000000))\n\\set v debug(:default_seed)\n`,
    );
    return file;
  });
  const scripts = files.flatMap((file, index) => ['-f', `${file}@${index + 1}`]);
  const run = (args: readonly string[]): bigint[] => {
    const { stderr } = server.run('pgbench', ['-n', '--random-seed', String(SEED), ...scripts, ...args]);
    return debugLines(stderr).map((line) => BigInt(line.replace(/.* int /, '')));
  };

  // One client: its scripts in order.
  const chain = seedChain(SEED, { clients: 1 });
  const choice = chain.thread(0).choice;
  const random = chain.client(0);
  const expected = Array.from({ length: 40 }, () => {
    const weight = choice.range(0, 5);
    const script = weight < 1 ? 0 : weight < 3 ? 1 : 2;
    return [BigInt(script), 0n, BigInt(random.range(1, 1e9)), BigInt.asIntN(64, chain.defaultSeed)];
  });
  expect(run(['-t', '40'])).toEqual(expected.flat());

  // Several, in whatever order they come: what each prints has all of its own in one number.
  const file = join(folder, 'one.sql');
  writeFileSync(file, '\\set v debug((random(1, 1000000000) << 8 | :client_id) # :default_seed)');
  const { stderr } = server.run('pgbench', [
    '-n',
    '-t',
    '1',
    '-c',
    '5',
    '-j',
    '2',
    '--random-seed',
    String(SEED),
    '-f',
    file,
  ]);
  const many = seedChain(SEED, { clients: 5, threads: 2 });
  const seed = BigInt.asIntN(64, many.defaultSeed);
  const each = [0, 1, 2, 3, 4].map(
    (client) => ((BigInt(many.client(client).range(1, 1e9)) << 8n) | BigInt(client)) ^ seed,
  );
  // The threads may write into each other's lines.
  const seen = Array.from(stderr.matchAll(/int (-?\d+)\n/g), ([, value]) => value);
  expect(seen.sort()).toEqual(each.map(String).sort());
});
