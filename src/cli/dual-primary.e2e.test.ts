import { afterAll, describe, it } from 'vitest';
import { leaderChanges } from '../analysis/leaders.js';
import { getHealth } from '../cluster/health.js';
import { labDown, labUp } from '../lab/lab.js';
import { profileOf } from '../lab/profiles.js';
import type { Event, Result } from '../result/result.js';
import { CommandLine } from './command.fixture.js';
import { expectPredicted } from './predicted.fixture.js';

/* Two primaries at once: whether there were any, seen by writers that are connected to the nodes themselves. */

const cli = new CommandLine();
const names: string[] = [];

afterAll(async () => {
  await Promise.all(names.map((name) => labDown(name, cli.stateDirectory)));
  cli.remove();
});

/**
 * On a lab of its own: both wait for a lease to expire most of their time, and do so side by side.
 * @param faultOf the fault, given how long it takes until the lease has surely expired: how long a lease can be depends
 *   on the version of Patroni
 */
async function run(
  name: string,
  faultOf: (outlastsLease: string) => string,
): Promise<{ result: Result; healthy: boolean; fault: string }> {
  names.push(name);
  const lab = await labUp({ name, profile: 'fast', stateDir: cli.stateDirectory }, () => undefined);
  // Where etcd lost its leader as well, the new one grants the lease anew.
  const outlastsLeaseS = profileOf('fast', lab.versions.patroni).patroni.ttl + 8;
  const duration = `${outlastsLeaseS + 24}s`;
  const fault = faultOf(`${outlastsLeaseS}s`);
  await cli.succeed(['init', 'tpcb', '--scale', '1', '--lab', name]);
  await cli.succeed([
    ...['run', 'tpcb', '--clients', '4', '--duration', duration, '--out', name, '--lab', name],
    ...['--fault', `${fault}@4s`, '--direct-writes', 'on'],
  ]);
  const { healthy } = await getHealth(lab.target.patroni, {}, 3);
  return { result: await cli.result(name), healthy, fault };
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

describe.concurrent('two primaries', () => {
  it('a node whose Patroni was killed goes on being written to beside its successor, and its commits are lost', async ({
    expect,
  }) => {
    const { result, healthy } = await run('kill', () => 'kill-patroni');
    const [round] = result.analysis.rounds;
    const [fault] = result.faults;
    const splitBrain = round?.splitBrain;
    expect(splitBrain).toMatchObject({ evidence: 'direct_writes', loser: fault?.subject });
    expect(splitBrain?.overlapMs).toBeGreaterThan(0);
    expect(splitBrain?.acksOnLoser).toBeGreaterThan(0);
    // The window begins when another one is promoted, and PostgreSQL itself says the same of it.
    const promoted = result.events.find(
      ({ layer, kind, atMs }) =>
        layer === 'postgres' && kind === 'promoted' && atMs > (fault?.askedAtMs ?? 0),
    );
    expect(promoted?.subject).not.toBe(fault?.subject);
    expect(endOfRule(result.events, fault?.subject ?? '', 0)).toBeGreaterThan(promoted?.atMs ?? Infinity);
    expect(healthy).toBe(true);
  });

  it('a frozen primary that is thawed after another one was promoted is shown to have written, or not to have', async ({
    expect,
  }) => {
    const {
      result,
      healthy,
      fault: asked,
    } = await run('freeze', (outlastsLease) => `freeze-node:${outlastsLease}`);
    const [round] = result.analysis.rounds;
    const [fault] = result.faults;
    const thawedMs = fault?.undoneAtMs ?? Number.NaN;
    const promoted = result.events.find(
      ({ layer, kind, atMs }) =>
        layer === 'postgres' && kind === 'promoted' && atMs > (fault?.askedAtMs ?? 0),
    );
    expect(promoted?.atMs).toBeLessThan(thawedMs);
    await expectPredicted(cli, 'freeze', asked, result);
    const frozen = result.cluster.members.find(({ name }) => name === fault?.subject)?.address;
    const writer = result.directWrites.find(({ server }) => server === frozen);
    const lateAcks = (writer?.lastAckMs ?? 0) > thawedMs;
    // Patroni 3.0 takes the leader key without comparing: the thawed one may lead again, and its writes are a leader's then.
    const leads = leaderChanges(result.events).filter(({ atMs }) => atMs > (promoted?.atMs ?? Infinity));
    if (leads.some(({ to }) => to === fault?.subject)) {
      expect(lateAcks).toBe(true);
    } else {
      // Either a write of the old primary was acknowledged after the thaw, and is told, or none was.
      const isTold = ['direct_writes', 'load'].includes(round?.splitBrain?.evidence ?? '');
      expect({ isTold, writer, thawedMs, leads }).toMatchObject({ isTold: lateAcks });
      if (lateAcks) {
        expect(round?.splitBrain).toMatchObject({ loser: fault?.subject });
      }
    }
    expect(healthy).toBe(true);
  });
});
