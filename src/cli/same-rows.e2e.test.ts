import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Protocol } from '../plan/plan.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { META_COMMANDS, parseScript } from '../workload/pgbench/commands.js';
import type { Expression } from '../workload/pgbench/expression.js';
import { FUNCTION_NAMES } from '../workload/pgbench/functions.js';
import { CommandLine } from './command.fixture.js';
import { LANGUAGE_SCRIPTS, type LanguageScript } from './same-rows.fixture.js';

const SEED = '5432';
const ALL: readonly Protocol[] = ['simple', 'extended', 'prepared'];

const cli = new CommandLine();
const folder = mkdtempSync(join(tmpdir(), 'pgha-bench-rows-'));
let server: PrivateServer;
let sql: pg.Client;

beforeAll(async () => {
  server = await startPrivateServer();
  sql = await server.connect();
  await sql.query('create table seen (id serial primary key, script text not null, found text not null)');
});

afterAll(async () => {
  await sql.end();
  await server.stop();
  cli.remove();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await sql.query('truncate seen restart identity');
});

interface Seen {
  readonly id: number;
  readonly script: string;
  readonly found: string;
}

/** Takes the rows away. */
async function takeRows(): Promise<readonly Seen[]> {
  const { rows } = await sql.query<Seen>('select id, script, found from seen order by id');
  await sql.query('truncate seen restart identity');
  return rows;
}

function textsOf({ text, mix }: LanguageScript): readonly string[] {
  return [text, ...(mix?.others ?? []).map((other) => other.text)];
}

/** The words of a command line that pgbench and pgha-bench both understand. */
function wordsFor(script: LanguageScript, protocol: Protocol): readonly string[] {
  const { mix, words = [], times = 50 } = script;
  const quote = protocol === 'simple' ? "'" : '';
  const weights = mix === undefined ? [] : [mix.weight, ...mix.others.map((other) => other.weight)];
  const files = textsOf(script).flatMap((text, index) => {
    const file = join(folder, `${index}.sql`);
    writeFileSync(file, text.replaceAll(/[«»]/g, quote).replaceAll('{folder}', folder));
    const weight = weights[index];
    return ['-f', weight === undefined ? file : `${file}@${weight}`];
  });
  return [...files, '-n', '-c', '1', '-t', String(times), '-M', protocol, `--random-seed=${SEED}`, ...words];
}

test.each(
  LANGUAGE_SCRIPTS.flatMap((script) =>
    (script.protocols ?? ALL).map((protocol) => [script.name, protocol, script] as const),
  ),
)('pgbench and pgha-bench leave the same rows: %s, %s', async (_name, protocol, script) => {
  const words = wordsFor(script, protocol);
  server.run('pgbench', words);
  const theirs = await takeRows();
  const own = ['--rw', server.uri, '--fault', 'none', '--probes', 'off', '--out', join(folder, 'out')];
  rmSync(join(folder, 'out'), { recursive: true, force: true });
  await cli.succeed(['run', ...words, ...own]);
  const ours = await takeRows();
  expect(theirs.length).toBeGreaterThanOrEqual(script.times ?? 50);
  expect(ours).toEqual(theirs);
});

/** Names of the functions and operators in an expression. */
function calledIn(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case 'call':
      return [expression.name, ...expression.args.flatMap(calledIn)];
    case 'case':
      return [
        'case',
        ...expression.arms.flatMap(({ when, result }) => [...calledIn(when), ...calledIn(result)]),
        ...calledIn(expression.otherwise),
      ];
    default:
      return [];
  }
}

test('the scripts use every function, every operator and every meta command', () => {
  const texts = LANGUAGE_SCRIPTS.flatMap(textsOf);
  const called = texts
    .flatMap((text) => parseScript({ name: 'script', text }))
    .flatMap((command) => ('expression' in command ? calledIn(command.expression) : []));
  expect(FUNCTION_NAMES.filter((name) => !called.includes(name))).toEqual([]);
  expect(called).toContain('case');
  const used = META_COMMANDS.filter((name) => texts.some((text) => new RegExp(`\\\\${name}\\b`).test(text)));
  // pgbench has \syncpipeline from 17 on.
  expect(META_COMMANDS.filter((name) => !used.includes(name))).toEqual(['syncpipeline']);
});
