import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { seedChain } from '../workload/random/seed-chain.js';
import { RandomStream } from '../workload/random/stream.js';
import { type LogFailure, logPath, TransactionLog, type TransactionLogOptions } from './transaction-log.js';

const SEED = 5432;

const SCRIPTS = {
  'quick.sql': 'select 1;',
  'slow.sql': 'select pg_sleep(0.02);',
  'serializable.sql': `\\set a random(1, 3)
begin isolation level serializable;
select sum(v) from contended;
update contended set v = v + 1 where id = :a;
end;`,
  'deadlock.sql': `\\set a random(1, 2)
begin;
update contended set v = v + 1 where id = :a;
update contended set v = v + 1 where id = 3 - :a;
end;`,
};

let server: PrivateServer;
const folder = mkdtempSync(join(tmpdir(), 'pgha-bench-logs-'));

beforeAll(async () => {
  for (const [name, text] of Object.entries(SCRIPTS)) {
    writeFileSync(join(folder, name), text);
  }
  server = await startPrivateServer({ deadlock_timeout: '10ms' });
  const sql = await server.connect();
  await sql.query('create table contended (id int primary key, v int not null)');
  await sql.query('insert into contended select i, 0 from generate_series(1, 3) i');
  await sql.end();
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

let runs = 0;

/** The log files that pgbench writes, by name, line by line. */
function pgbenchLogs(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  runs += 1;
  const logs = join(folder, `run-${runs}`);
  mkdirSync(logs);
  const own = ['-n', '-l', `--log-prefix=${join(logs, 'log')}`, `--random-seed=${SEED}`];
  server.run('pgbench', [...own, ...words]);
  const read = (name: string) => readFileSync(join(logs, name), 'latin1').trimEnd().split('\n');
  return new Map(readdirSync(logs).map((name) => [name, read(name)]));
}

/** Of one thread. */
function pgbenchLog(words: readonly string[]): readonly string[] {
  return [...pgbenchLogs(words).values()].flat();
}

function script(name: keyof typeof SCRIPTS): readonly string[] {
  return ['-f', join(folder, name)];
}

async function written(
  options: Partial<TransactionLogOptions>,
  write: (log: TransactionLog) => void,
): Promise<readonly string[]> {
  const path = join(folder, 'ours');
  const log = new TransactionLog({
    path,
    samplingRate: 1,
    sampling: RandomStream.fromSeed(1n),
    aggregateUs: null,
    throttled: false,
    latencyLimit: false,
    retries: false,
    failuresDetailed: false,
    ...options,
  });
  write(log);
  await log.close();
  return readFileSync(path, 'latin1').trimEnd().split('\n');
}

/** Puts what a line of pgbench says into a log, given which of the last two columns it has. */
function repeat(
  log: TransactionLog,
  line: string,
  { throttled, retries }: Partial<TransactionLogOptions>,
): void {
  const words = line.split(' ');
  const [client, transaction, , number, seconds, micros] = words.map(Number);
  const lagUs = throttled === true ? Number(words[6]) : -1;
  const tries = retries === true ? Number(words.at(-1)) + 1 : 1;
  const [id = -1, ended = -1, of = -1] = [client, transaction, number];
  const endUs = (seconds ?? 0) * 1_000_000 + (micros ?? 0);
  const [, , word = ''] = words;
  if (word === 'skipped') {
    log.skipped(id, ended, of, endUs, lagUs);
  } else if (/\d/.test(word)) {
    log.acknowledged(id, ended, Number(word), of, endUs, lagUs, tries);
  } else {
    log.failed(
      id,
      ended,
      word === 'failed' ? 'serialization' : (word as LogFailure),
      of,
      endUs,
      lagUs,
      tries,
    );
  }
}

/** The words that a log has beside numbers, for what did not go through. */
function wordsIn(lines: readonly string[]): readonly string[] {
  const words = lines.flatMap((line) => line.split(' ').filter((word) => !/^-?\d+$/.test(word)));
  return [...new Set(words)].sort();
}

const EIGHT = ['-c', '8', '-t', '100'];
const LATE = ['-R', '300', '-L', '5', '-T', '1'];

test.each<[string, readonly string[], Partial<TransactionLogOptions>, readonly string[]]>([
  ['plain', [], {}, []],
  ['-R', ['-R', '300'], { throttled: true }, []],
  ['-L', ['-L', '5'], { latencyLimit: true }, []],
  ['-R -L', [...script('slow.sql'), ...LATE], { throttled: true, latencyLimit: true }, ['skipped']],
  [
    '-R -L --max-tries',
    [...script('slow.sql'), ...LATE, '--max-tries=2'],
    { throttled: true, latencyLimit: true, retries: true },
    ['skipped'],
  ],
  ['two scripts', [...script('slow.sql'), ...script('quick.sql'), '-t', '20'], {}, []],
  ['failures', [...script('serializable.sql'), ...EIGHT], {}, ['failed']],
  [
    '--failures-detailed',
    [...script('serializable.sql'), ...EIGHT, '--failures-detailed'],
    { failuresDetailed: true },
    ['serialization'],
  ],
  [
    '--failures-detailed, deadlocks',
    [...script('deadlock.sql'), '-c', '4', '-t', '25', '--failures-detailed'],
    { failuresDetailed: true },
    ['deadlock'],
  ],
  ['--max-tries', [...script('serializable.sql'), ...EIGHT, '--max-tries=2'], { retries: true }, ['failed']],
  [
    '--max-tries=0',
    [...script('serializable.sql'), ...EIGHT, '--max-tries=0', '-L', '10000'],
    { retries: true, latencyLimit: true },
    [],
  ],
  [
    'all',
    [...script('serializable.sql'), ...EIGHT, '-R', '2000', '--max-tries=2', '--failures-detailed'],
    { throttled: true, retries: true, failuresDetailed: true },
    ['serialization'],
  ],
])(
  'a log of the same transactions is the one that pgbench wrote, to the byte: %s',
  async (_name, words, options, seen) => {
    const named = words.includes('-f') ? words : [...script('quick.sql'), '-t', '20', ...words];
    const theirs = pgbenchLog(named);
    expect(wordsIn(theirs)).toEqual(seen);
    const ours = await written(options, (log) => {
      for (const line of theirs) {
        repeat(log, line, options);
      }
    });
    expect(ours).toEqual(theirs);
  },
);

test('each client counts its transactions from 1', () => {
  const theirs = pgbenchLog([...script('quick.sql'), '-t', '3']);
  expect(theirs.map((line) => line.split(' ')[1])).toEqual(['1', '2', '3']);
});

test('of the same seed the same transactions are sampled', async () => {
  const theirs = pgbenchLog([...script('quick.sql'), '-t', '500', '--sampling-rate=0.2']);
  const { sampling } = seedChain(SEED, { clients: 1 }).thread(0);
  const ours = await written({ samplingRate: 0.2, sampling }, (log) => {
    for (let number = 1; number <= 500; number += 1) {
      log.acknowledged(0, number, 1, 0, 1, 0, 1);
    }
  });
  const numbers = (lines: readonly string[]) => lines.map((line) => line.split(' ')[1]);
  expect(numbers(ours)).toEqual(numbers(theirs));
});

test('each worker has the file that a thread of pgbench has', () => {
  const names = [...pgbenchLogs([...script('quick.sql'), '-c', '3', '-j', '3']).keys()].sort();
  const pid = Number(names[0]?.split('.')[1]);
  expect(names).toEqual([0, 1, 2].map((worker) => logPath('log', pid, worker)));
});

/** Which columns of an aggregated log are ever something else than 0. */
function used(lines: readonly string[], width: number): readonly boolean[] {
  return Array.from({ length: width }, (_, column) => {
    const told = column === LEAST_LAG ? GREATEST_LAG : column;
    return lines.some((line) => line.split(' ')[told] !== '0');
  });
}

/** Of everything something. */
function putAll(log: TransactionLog): void {
  log.acknowledged(0, 1, 100, 0, 1_795_573_728_000_000, 50, 2);
  log.failed(0, 2, 'serialization', 0, 1_795_573_728_000_000, 50, 2);
  log.failed(0, 3, 'deadlock', 0, 1_795_573_728_000_000, 50, 2);
  log.failed(0, 4, 'other', 0, 1_795_573_728_000_000, 50, 2);
  log.skipped(0, 5, 0, 1_795_573_728_000_000, 5000);
}

const PGBENCH_COLUMNS = 15;
const LAG = [6, 7, 8, 9];
/** A start may be on time to the µs, so that the least lag is 0 by chance: then the greatest says whether lags are told. */
const LEAST_LAG = 8;
const GREATEST_LAG = 9;
const SKIPPED = [10];
const RETRIED = [11, 12];
const FAILED = [13, 14];
const BOTH = [...script('serializable.sql'), ...script('deadlock.sql'), '-c', '8'];

test.each<[string, readonly string[], Partial<TransactionLogOptions>, readonly number[]]>([
  ['plain', BOTH, {}, []],
  ['-R', [...BOTH, '-R', '500'], { throttled: true }, LAG],
  ['-R -L', [...script('slow.sql'), ...LATE], { throttled: true, latencyLimit: true }, [...LAG, ...SKIPPED]],
  ['--max-tries', [...BOTH, '--max-tries=2'], { retries: true }, RETRIED],
  ['--failures-detailed', [...BOTH, '--failures-detailed'], { failuresDetailed: true }, FAILED],
])(
  'an aggregated log has the columns of pgbench, and one more: %s',
  async (_name, words, options, columns) => {
    // The last second is never written.
    const theirs = pgbenchLog([...words, '-T', '3', '--aggregate-interval=1']);
    expect(theirs.length).toBeGreaterThan(0);
    for (const line of theirs) {
      expect(line.split(' ').map(Number)).toEqual(Array(PGBENCH_COLUMNS).fill(expect.any(Number)));
    }
    const expected = Array.from({ length: PGBENCH_COLUMNS }, (_, i) => i < 6 || columns.includes(i));
    expect(used(theirs, PGBENCH_COLUMNS)).toEqual(expected);
    const ours = await written({ ...options, aggregateUs: 1_000_000 }, putAll);
    expect(ours.map((line) => line.split(' ').length)).toEqual([PGBENCH_COLUMNS + 1]);
    expect(used(ours, PGBENCH_COLUMNS)).toEqual(expected);
  },
);

test('an aggregated log adds up to the log of the same transactions', async () => {
  const words = [...script('slow.sql'), '-R', '30', '-t', '70'];
  const options = { throttled: true };
  const single = pgbenchLog(words);
  const ours = await written({ ...options, aggregateUs: 1_000_000 }, (log) => {
    for (const line of single) {
      repeat(log, line, options);
    }
  });
  const column = (lines: readonly string[], index: number) =>
    lines.reduce((sum, line) => sum + Number(line.split(' ')[index]), 0);
  expect(ours.length).toBeGreaterThan(1);
  expect(column(ours, 1)).toBe(70);
  expect(column(ours, 2)).toBe(column(single, 2));
  expect(column(ours, 6)).toBe(column(single, 6));
});
