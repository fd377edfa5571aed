import type pg from 'pg';
import { getConfig } from '../cluster/patroni.js';
import { messageOf } from '../errors.js';
import { closeClient, openClient } from '../postgres/connect.js';
import type { FaultRecord } from '../result/result.js';
import { inTurn } from './every-part.js';
import { type Fault, type FaultContext, type Injection, notAsked } from './fault.js';
import type { LabControl } from './lab-control.js';
import { checkMayAsk, insist, type Look, lookAt } from './look.js';
import { patchAnyMember, wordsOf } from './settings.js';
import { labOf } from './strike.js';

/** Bytes; a replica that lags more may not lead, and these will lag. */
const ANY_LAG = 2 ** 50;

/**
 * Nothing that the leader commits from now on reaches a replica. To stop the receivers would not be enough: what lies in
 * their sockets still arrives.
 */
export const cutReplication: Fault = {
  kind: 'cut-replication',
  summary: 'replicas get nothing more from the leader, and may lead all the same',
  exercises:
    'nothing by itself: a kill-node after it loses the commits in between, which the audit must find',
  expects: 'service',
  prepares: true,
  needs: 'lab',
  options: [],

  async check(context) {
    labOf(context);
    await checkMayAsk(context, 'cut-replication');
  },

  inject,
};

async function inject(context: FaultContext): Promise<Injection> {
  const { target, plan, access, clock, round } = context;
  const record = notAsked(plan, round);
  let look: Look;
  let lab: LabControl;
  let lagBefore: unknown;
  try {
    lab = labOf(context);
    look = await lookAt(target, access);
    lagBefore = (await getConfig(look.leader.apiUrl, access.patroni))['maximum_lag_on_failover'] ?? null;
  } catch (error) {
    return { record: { ...record, failure: messageOf(error) }, undo: null };
  }
  const { leader, etcdLeader } = look;
  const asked: FaultRecord = {
    ...record,
    subject: leader.name,
    etcdLeader,
    askedAtMs: clock.nowMs(),
    asked: `maximum_lag_on_failover=${ANY_LAG}, ALTER ROLE ${lab.replicationRole} NOLOGIN and the walsenders terminated on ${leader.name}`,
  };
  const undo = () => restore(context, lab, lagBefore);
  try {
    await patchAnyMember([leader.apiUrl], { maximum_lag_on_failover: ANY_LAG }, access.patroni);
    const count = await asSuperuser(lab, leader.name, (sql) => cut(sql, lab.replicationRole));
    const answer = `${count} ${count === 1 ? 'walsender' : 'walsenders'} terminated`;
    return { record: { ...asked, answeredAtMs: clock.nowMs(), answer }, undo };
  } catch (error) {
    return { record: { ...asked, failure: messageOf(error) }, undo };
  }
}

/** Whoever was just connecting when the role lost its right is found by looking again. */
async function cut(sql: pg.Client, role: string): Promise<number> {
  await sql.query(`ALTER ROLE ${sql.escapeIdentifier(role)} NOLOGIN`);
  let terminated = 0;
  for (let quiet = 0; quiet < QUIET_LOOKS; ) {
    const { rows } = await sql.query<{ count: number }>(TERMINATE);
    const count = rows[0]?.count ?? 0;
    terminated += count;
    quiet = count === 0 ? quiet + 1 : 0;
  }
  return terminated;
}

const QUIET_LOOKS = 3;

/** Each is waited for: one that is only told to end still sends what it has. */
const TERMINATE = `
  SELECT count(pg_terminate_backend(pid, 2000))::int AS count
    FROM pg_stat_activity WHERE backend_type = 'walsender'`;

/**
 * On whoever leads now, since a new leader may have got the loss of the right or not. Replicas that follow it get it
 * back by replication, or by the copy that brings them behind it. The limit is set back even when the right is not.
 * @param forMs how long each is tried
 */
export async function restore(
  { target, access }: FaultContext,
  lab: LabControl,
  lag: unknown,
  forMs?: number,
): Promise<string> {
  const login = () =>
    insist(async () => {
      const { name } = (await lookAt(target, access)).leader;
      await asSuperuser(lab, name, (sql) =>
        sql.query(`ALTER ROLE ${sql.escapeIdentifier(lab.replicationRole)} LOGIN`),
      );
      return `ALTER ROLE ${lab.replicationRole} LOGIN on ${name}`;
    }, forMs);
  const limit = async () => {
    const before = { maximum_lag_on_failover: lag };
    await patchAnyMember(target.patroni, before, access.patroni, forMs);
    return wordsOf(before);
  };
  return (await inTurn([login, limit])).join(', ');
}

async function asSuperuser<T>(
  lab: LabControl,
  node: string,
  use: (sql: pg.Client) => Promise<T>,
): Promise<T> {
  const { endpoint, password } = lab.superuser(node);
  const sql = await openClient(endpoint, password, 'fault', { queryTimeoutMs: 10_000 });
  try {
    // With synchronous replication it would wait for those that it cuts off.
    await sql.query('SET synchronous_commit = local');
    return await use(sql);
  } finally {
    await closeClient(sql);
  }
}
