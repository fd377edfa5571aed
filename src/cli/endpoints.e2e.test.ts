import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Lab, labDown, labUp } from '../lab/lab.js';
import { PgBouncer } from '../postgres/pgbouncer.fixture.js';
import type { Result } from '../result/result.js';
import { CommandLine } from './command.fixture.js';

/* What users connect by where there is no HAProxy: several addresses, and a pooler. */

const cli = new CommandLine();
let lab: Lab;
let password: string;

beforeAll(async () => {
  lab = await labUp({ name: 'ways', profile: 'fast', stateDir: cli.stateDirectory }, () => undefined);
  password = lab.secrets.rwPassword ?? '';
  await cli.succeed(['init', 'tpcb', '--scale', '1', '--lab', 'ways']);
});

afterAll(async () => {
  await labDown('ways', cli.stateDirectory);
  cli.remove();
});

async function run(words: readonly string[], out: string): Promise<{ result: Result; stdout: string }> {
  const ended = await cli.run(['run', ...words, '--out', out], { PGPASSWORD: password });
  expect(ended.code, ended.stderr).toBe(0);
  const result = await cli.result(out);
  expect(JSON.stringify(result)).not.toContain(password);
  return { result, stdout: ended.stdout };
}

it('several addresses with target_session_attrs follow the leader, and readers spread over the replicas', async () => {
  const { user, database } = lab.target.rw;
  const hosts = lab.nodes.map(({ address, pgPort }) => `${address}:${pgPort}`);
  const uri = `postgresql://${user}@${hosts.join(',')}/${database}`;
  const { result, stdout } = await run(
    [
      // Half of them read: that twelve choose the same replica has a chance of 2^-11.
      ...['--mix', 'tpcb,select-only', '--clients', '24', '--duration', '14s', '--fault', 'switchover@5s'],
      ...['--rw', `${uri}?target_session_attrs=read-write`],
      ...['--ro', `${uri}?target_session_attrs=standby&load_balance_hosts=random`],
      ...['--patroni', lab.target.patroni[0] ?? '', '--allow-fault', 'pgha-ways'],
    ],
    'several',
  );
  expect(result.cluster.haproxy).toBeNull();
  expect(result.cluster.ways).toMatchObject({ rw: { kind: 'multi-host' }, ro: { kind: 'multi-host' } });
  expect(stdout.replace(/\s+/g, ' ')).toContain(`rw ${hosts.join(',')}, read-write`);
  const [fault] = result.faults;
  const writers = result.servers.filter(({ route, acks }) => route === 'rw' && acks > 0);
  expect(writers).toHaveLength(2);
  // The old leader before the fault, and another one until the end.
  const old = result.cluster.members.find(({ role }) => role === 'leader')?.address;
  const next = writers.find(({ server }) => server !== old);
  expect(writers.map(({ server }) => server)).toContain(old);
  expect(next?.firstAckMs).toBeGreaterThan(fault?.askedAtMs ?? Number.POSITIVE_INFINITY);
  expect(next?.lastAckMs).toBeGreaterThan(result.run.elapsedMs - 2000);
  const readers = new Set(result.servers.filter(({ route }) => route === 'ro').map(({ server }) => server));
  expect(readers.size).toBeGreaterThanOrEqual(2);
  const [round] = result.analysis.rounds;
  expect(round?.writeDowntime?.durationMs).toBeGreaterThan(0);
  expect(round?.splitBrain ?? null).toBeNull();
});

it('a pooler is known for what it is, and its clients are not taken for connections of the server', async () => {
  const { host, port, user, database } = lab.target.rw;
  const bouncer = await PgBouncer.start({ host, port }, { user, password }, 'transaction');
  try {
    const rw = `postgresql://${user}@127.0.0.1:${bouncer.port}/${database}`;
    const words = ['tpcb', '--clients', '8', '--duration', '2s', '--rw', rw];
    const { result, stdout } = await run([...words, '--protocol', 'simple'], 'pooled');
    expect(result.cluster.ways?.rw).toEqual({
      kind: 'pooler',
      servers: [expect.stringMatching(/^127\..*:\d+$/)],
    });
    expect(stdout.replace(/\s+/g, ' ')).toContain(`rw 127.0.0.1:${bouncer.port}, a pooler in front`);
    expect(result.totals.outcomes.ack).toBeGreaterThan(0);
    // Which server is behind a connection may change at each transaction.
    expect(result.servers.map(({ server }) => server)).toEqual([`127.0.0.1:${bouncer.port}`]);
    // PgBouncer keeps prepared statements apart from 1.21 on, and unasked from 1.24 on; before, they are unknown or there twice.
    const prepared = await run([...words, '--protocol', 'prepared'], 'prepared');
    const wrong = prepared.result.errors.filter(({ code }) => code === '26000' || code === '42P05');
    expect(prepared.stdout.includes('--protocol simple')).toBe(wrong.length > 0);
    expect(wrong.length > 0 || prepared.result.totals.outcomes.ack > 0).toBe(true);
  } finally {
    await bouncer.stop();
  }
});
