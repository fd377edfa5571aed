import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getHealth } from '../cluster/health.js';
import { type Lab, labDown, labUp } from '../lab/lab.js';
import { TokenSniffer } from '../ledger/token-sniffer.fixture.js';
import type { CommitAudit } from '../result/commits.js';
import type { Result } from '../result/result.js';
import { CommandLine } from './command.fixture.js';
import { expectPredicted } from './predicted.fixture.js';

/* Whether an acknowledged commit was lost: what the audit says, against a count that shares nothing with it. */

const cli = new CommandLine();
let lab: Lab;
/** Another one, on which a node is killed meanwhile: most of that time a lease expires. */
let dying: Lab;
let killed: Promise<Ran>;

beforeAll(async () => {
  [lab, dying] = await Promise.all([labOf('commits'), labOf('commits-kill')]);
  await cli.succeed(['init', 'oltp_read_write', '--tables', '2', '--table-size', '1000', '--lab', 'commits']);
  killed = run(dying, ['tpcb'], 'history', ['cut-replication@5s', 'kill-node@7s'], '40s');
  // The test that waits for it is told.
  killed.catch(() => undefined);
});

afterAll(async () => {
  await Promise.all(['commits', 'commits-kill'].map((name) => labDown(name, cli.stateDirectory)));
  cli.remove();
});

async function labOf(name: string): Promise<Lab> {
  const made = await labUp({ name, profile: 'fast', stateDir: cli.stateDirectory }, () => undefined);
  await cli.succeed(['init', 'tpcb', '--scale', '2', '--lab', name]);
  return made;
}

const LEDGERS = [
  ['history', ['tpcb'], 'SELECT filler AS token FROM pgbench_history'],
  ['insert', ['tpcb'], 'SELECT token FROM pgha_bench_ledger'],
  [
    'insert',
    ['oltp_read_write', '--tables', '2', '--table-size', '1000'],
    'SELECT token FROM pgha_bench_ledger',
  ],
] as const;

describe.each(LEDGERS)('the ledger %s of %s', (ledger, words, tokens) => {
  it('loses nothing in a switchover', async () => {
    const { result, acknowledged } = await run(lab, words, ledger, ['switchover@5s'], '14s');
    const commits = commitsOf(result);
    expect(commits.primary).toMatchObject({ ackedLost: 0, ghosts: 0, duplicates: 0, unexpected: 0 });
    const { ackedPresent = 0, inDoubtCommitted = 0 } = commits.primary ?? {};
    expectKnownToClients(ackedPresent, inDoubtCommitted, acknowledged.size);
    expect(commits.losses).toEqual([]);
    expect(commits.replicas).toHaveLength(2);
    expect(commits.replicas.every(({ same }) => same)).toBe(true);
    expect(commits.missing).toEqual([]);
    expect(await lostOf(lab, acknowledged, tokens)).toEqual([]);
  });
});

it('counts what a node that was cut off from its replicas took with it', async () => {
  const { result, acknowledged } = await killed;
  const commits = commitsOf(result);
  const lost = await lostOf(dying, acknowledged, LEDGERS[0][2]);
  expect(lost.length).toBeGreaterThan(0);
  const { ackedLost = 0, inDoubtAbsent = 0 } = commits.primary ?? {};
  expectKnownToClients(ackedLost, inDoubtAbsent, lost.length);
  expect(commits.primary).toMatchObject({ ghosts: 0, duplicates: 0, unexpected: 0 });
  expect(commits.losses).toHaveLength(1);
  expect(commits.losses[0]?.count).toBe(ackedLost);
  expect(commits.losses[0]?.walBytes).toBeGreaterThan(0);
  expect(commits.losses[0]?.servers).toHaveLength(1);
  const [cut, kill] = result.faults;
  const { firstAckMs, lastAckMs } = commits.losses[0] ?? {};
  expect(firstAckMs).toBeGreaterThanOrEqual(cut?.askedAtMs ?? Infinity);
  expect(lastAckMs).toBeLessThanOrEqual((kill?.askedAtMs ?? 0) + 1000);
  expect(result.faults.map(({ undoFailure }) => undoFailure)).toEqual([null, null]);
  await expectPredicted(cli, 'commits-kill', 'kill-node', result);
  const health = await getHealth(dying.target.patroni, {}, 3);
  expect(health.healthy).toBe(true);
});

interface Ran {
  readonly result: Result;
  /** Tokens whose commit was acknowledged through the wire. */
  readonly acknowledged: ReadonlySet<string>;
}

let runs = 0;

/** Through a relay that listens in. */
async function run(
  { name, target, secrets }: Lab,
  words: readonly string[],
  ledger: string,
  faults: readonly string[],
  duration: string,
): Promise<Ran> {
  const { host, port, user, database } = target.rw;
  const sniffer = new TokenSniffer(host, port);
  const relay = await sniffer.listen();
  const out = `run-${runs++}`;
  try {
    const password = secrets.rwPassword ?? '';
    const uri = `postgresql://${user}:${password}@127.0.0.1:${relay}/${database}?sslmode=disable`;
    await cli.succeed([
      ...['run', ...words, '--clients', '8', '--duration', duration, '--out', out],
      ...['--lab', name, '--rw', uri, '--ledger', ledger],
      ...faults.flatMap((fault) => ['--fault', fault]),
    ]);
    return { result: await cli.result(out), acknowledged: new Set(sniffer.acknowledged) };
  } finally {
    await sniffer.close();
  }
}

/**
 * What a client has of an acknowledgement at the instant at which its connection is reset is lost with it: the relay saw
 * it pass, and the client is in doubt. So the clients know at most what passed, and are in doubt of the rest.
 */
function expectKnownToClients(known: number, inDoubt: number, passed: number): void {
  expect(known).toBeLessThanOrEqual(passed);
  expect(known + inDoubt).toBeGreaterThanOrEqual(passed);
}

function commitsOf({ commits }: Result): CommitAudit {
  if (commits === null) {
    throw new Error('The run has no audit.');
  }
  return commits;
}

/** What was acknowledged, minus what is there. */
async function lostOf(
  { target, secrets }: Lab,
  acknowledged: ReadonlySet<string>,
  tokens: string,
): Promise<readonly string[]> {
  const { host, port, user, database } = target.rw;
  const sql = new pg.Client({ host, port, user, database, password: secrets.rwPassword, ssl: false });
  await sql.connect();
  const { rows } = await sql.query<{ token: string | null }>(tokens);
  await sql.end();
  const there = new Set(rows.map(({ token }) => token?.trimEnd()));
  return [...acknowledged].filter((token) => !there.has(token));
}
