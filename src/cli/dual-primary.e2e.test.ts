import { afterAll, beforeAll, expect, it } from 'vitest';
import { getHealth } from '../cluster/health.js';
import { type Lab, labDown, labUp } from '../lab/lab.js';
import type { Event, Result } from '../result/result.js';
import { CommandLine } from './command.fixture.js';
import { expectPredicted } from './predicted.fixture.js';

/* Two primaries at once: whether there were any, seen by writers that are connected to the nodes themselves. */

const cli = new CommandLine();
let lab: Lab;

beforeAll(async () => {
  lab = await labUp({ name: 'dual', profile: 'fast', stateDir: cli.stateDirectory }, () => undefined);
  await cli.succeed(['init', 'tpcb', '--scale', '1', '--lab', 'dual']);
});

afterAll(async () => {
  await labDown('dual', cli.stateDirectory);
  cli.remove();
});

async function run(fault: string, duration: string): Promise<Result> {
  const out = fault.replace(/\W/g, '-');
  await cli.succeed([
    ...['run', 'tpcb', '--clients', '4', '--duration', duration, '--out', out, '--lab', 'dual'],
    ...['--fault', `${fault}@4s`, '--direct-writes', 'on'],
  ]);
  return cli.result(out);
}

/** When a node stopped being writable, by its own PostgreSQL; Infinity when it never did. */
function endOfRule(events: readonly Event[], node: string, afterMs: number): number {
  const end = events.find(
    ({ layer, kind, subject, atMs }) =>
      layer === 'postgres' &&
      subject === node &&
      atMs > afterMs &&
      (kind === 'demoted' || kind === 'pg_down'),
  );
  return end?.atMs ?? Infinity;
}

it('a node whose Patroni was killed goes on being written to beside its successor, and its commits are lost', async () => {
  const result = await run('kill-patroni', '40s');
  const [round] = result.analysis.rounds;
  const [fault] = result.faults;
  const splitBrain = round?.splitBrain;
  expect(splitBrain).toMatchObject({ evidence: 'direct_writes', loser: fault?.subject });
  expect(splitBrain?.overlapMs).toBeGreaterThan(0);
  expect(splitBrain?.acksOnLoser).toBeGreaterThan(0);
  // The window begins when another one is promoted, and PostgreSQL itself says the same of it.
  const promoted = result.events.find(
    ({ layer, kind, atMs }) => layer === 'postgres' && kind === 'promoted' && atMs > (fault?.askedAtMs ?? 0),
  );
  expect(promoted?.subject).not.toBe(fault?.subject);
  expect(endOfRule(result.events, fault?.subject ?? '', 0)).toBeGreaterThan(promoted?.atMs ?? Infinity);
  expect((await getHealth(lab.target.patroni, {}, 3)).healthy).toBe(true);
});

it('a frozen primary that is thawed after another one was promoted is shown to have written, or not to have', async () => {
  const result = await run('freeze-node:16s', '40s');
  const [round] = result.analysis.rounds;
  const [fault] = result.faults;
  const thawedMs = fault?.undoneAtMs ?? Number.NaN;
  const promoted = result.events.find(
    ({ layer, kind, atMs }) => layer === 'postgres' && kind === 'promoted' && atMs > (fault?.askedAtMs ?? 0),
  );
  expect(promoted?.atMs).toBeLessThan(thawedMs);
  await expectPredicted(cli, 'dual', 'freeze-node:16s', result);
  const frozen = result.cluster.members.find(({ name }) => name === fault?.subject)?.address;
  const writer = result.directWrites.find(({ server }) => server === frozen);
  const lateAcks = (writer?.lastAckMs ?? 0) > thawedMs;
  // Either a write of the old primary was acknowledged after the thaw, and is told, or none was.
  expect(round?.splitBrain !== null && round?.splitBrain?.evidence === 'direct_writes').toBe(lateAcks);
  if (lateAcks) {
    expect(round?.splitBrain).toMatchObject({ loser: fault?.subject });
  }
  expect((await getHealth(lab.target.patroni, {}, 3)).healthy).toBe(true);
});
