import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpAccess } from '../cluster/http.js';
import { type ClusterMember, getMember } from '../cluster/patroni.js';
import { codeOf, messageOf } from '../errors.js';
import { directly, type Endpoint, type Secrets, type Target } from '../plan/target.js';
import type { AuditedReplica } from '../result/commits.js';
import { AuditConnection, type Identity, identityOf } from './connection.js';
import type { Expected } from './expected.js';
import type { PrimaryReading } from './primary.js';
import { BEGIN_SNAPSHOT, readTokens } from './read-tokens.js';
import type { TokenSource } from './sources.js';

export interface ReplicaOptions {
  readonly target: Target;
  readonly secrets: Secrets;
  readonly access: HttpAccess;
  readonly sources: readonly TokenSource[];
  /** How long a replica may take to be there and to have replayed what the primary had. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** What came of one member; `primary` when it is the one that was audited itself. */
export type ReplicaReading =
  | { readonly kind: 'replica'; readonly replica: AuditedReplica; readonly missing: readonly string[] }
  | { readonly kind: 'primary' }
  | { readonly kind: 'missing'; readonly reason: string };

const PAUSE_MS = 200;

/** Compares a member with the primary, as soon as it has replayed what the primary had. Throws on the signal alone. */
export async function readReplica(
  member: ClusterMember,
  options: ReplicaOptions,
  expected: Expected,
  primary: PrimaryReading,
): Promise<ReplicaReading> {
  const { host, port, name } = member;
  if (host === null || port === null) {
    return { kind: 'missing', reason: `${name} was not compared: its address is not known.` };
  }
  const endpoint: Endpoint = directly(options.target.rw, { host, port });
  const endMs = performance.now() + options.waitMs;
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await attempt(member, endpoint, options, expected, primary);
    } catch (error) {
      options.signal.throwIfAborted();
      if (performance.now() >= endMs || isFinal(error)) {
        return { kind: 'missing', reason: `${name} was not compared: ${withoutPoint(messageOf(error))}.` };
      }
    }
    await sleep(PAUSE_MS, undefined, { signal: options.signal });
  }
}

/** As for the primary, and what is not to be read on a standby: unlogged tables. */
function isFinal(error: unknown): boolean {
  return /^(28|3D|42|0A)...$/.test(codeOf(error) ?? '');
}

async function attempt(
  member: ClusterMember,
  endpoint: Endpoint,
  options: ReplicaOptions,
  expected: Expected,
  primary: PrimaryReading,
): Promise<ReplicaReading> {
  const connection = await AuditConnection.open(endpoint, options.secrets.rwPassword, options.signal);
  try {
    const identity = await identityOf(connection, endpoint);
    if (identity.startedAt === primary.identity.startedAt) {
      return { kind: 'primary' };
    }
    await expectReplayed(connection, identity, member, options, primary);
    await connection.rows(BEGIN_SNAPSHOT);
    const { found, missing } = await readTokens(connection, expected, options.sources);
    await connection.rows('ROLLBACK');
    const replica = { ...found.counts(), server: identity.server, same: found.equals(primary.found) };
    return { kind: 'replica', replica, missing };
  } finally {
    await connection.close();
  }
}

/** @throws Error that says what it does instead */
async function expectReplayed(
  connection: AuditConnection,
  { inRecovery }: Identity,
  member: ClusterMember,
  { access, signal }: ReplicaOptions,
  { timeline, lsn }: PrimaryReading,
): Promise<void> {
  if (!inRecovery) {
    throw new Error('it is no replica but takes writes of its own');
  }
  // Positions of two timelines say nothing of each other.
  const own = await timelineOf(connection, member, { ...access, signal });
  if (own !== null && timeline !== null && own !== timeline) {
    throw new Error(`it follows timeline ${own}, and the primary is on ${timeline}`);
  }
  const [row] = await connection.rows<{ replayed: boolean | null; at: string | null }>(
    'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS replayed, pg_last_wal_replay_lsn()::text AS at',
    [lsn],
  );
  if (row?.replayed !== true) {
    throw new Error(`it had replayed up to ${row?.at ?? 'nowhere'}, and the primary was at ${lsn}`);
  }
}

/** The server tells it to monitors only, and only while it streams; Patroni knows in most other cases. */
async function timelineOf(
  connection: AuditConnection,
  member: ClusterMember,
  access: HttpAccess,
): Promise<number | null> {
  const [row] = await connection.rows<{ timeline: number | null }>(
    'SELECT received_tli AS timeline FROM pg_stat_wal_receiver',
  );
  if (row !== undefined && row.timeline !== null) {
    return row.timeline;
  }
  const self = member.apiUrl === '' ? null : await getMember(member.apiUrl, access).catch(() => null);
  return self?.timeline ?? null;
}

function withoutPoint(text: string): string {
  return text.replace(/\.$/, '');
}
