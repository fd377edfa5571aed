import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpAccess } from '../cluster/http.js';
import { getCluster } from '../cluster/patroni.js';
import { codeOf, messageOf } from '../errors.js';
import { hostPort, type Secrets, type Target } from '../plan/target.js';
import type { Invariant } from '../result/commits.js';
import { AuditConnection, type Identity, identityOf, SCAN_MS } from './connection.js';
import type { Expected } from './expected.js';
import type { Found } from './found.js';
import { type TpcbState, tpcbInvariants, tpcbSums } from './invariants.js';
import { BEGIN_SNAPSHOT, readTokens } from './read-tokens.js';
import type { TokenSource } from './sources.js';

/** What was read on the primary, in one snapshot. */
export interface PrimaryReading {
  readonly found: Found;
  readonly identity: Identity;
  readonly timeline: number | null;
  /** As `16/B374D848`: a replica that has replayed up to here holds whatever was read. */
  readonly lsn: string;
  /** On the caller's clock: when a write committed, and when everything was read. */
  readonly committedMs: number;
  readonly readMs: number;
  readonly invariants: readonly Invariant[];
  readonly missing: readonly string[];
}

export interface PrimaryOptions {
  readonly runId: string;
  readonly target: Target;
  readonly secrets: Secrets;
  readonly access: HttpAccess;
  readonly sources: readonly TokenSource[];
  /** Null: the workload has none. */
  readonly base: TpcbState | null;
  readonly clock: { readonly nowMs: () => number };
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Between two attempts. */
const PAUSE_MS = 200;
/** How long a write may take: at least, also at the end of the time; at most, for another connection may lead elsewhere. */
const SHORTEST_MS = 500;
const LONGEST_MS = 5000;

/**
 * Waits until a write commits on the read-write endpoint, and reads the tokens on that very connection: a node that
 * still replays would look as if it had lost what it has not replayed yet. A leader that fails meanwhile is no reason to
 * give up, either.
 *
 * @throws Error that says why there was no such connection in time, and AbortError on the signal
 */
export async function readPrimary(options: PrimaryOptions, expected: Expected): Promise<PrimaryReading> {
  const endMs = options.clock.nowMs() + options.waitMs;
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await attempt(options, expected, endMs);
    } catch (error) {
      options.signal.throwIfAborted();
      if (isFinal(error)) {
        throw error;
      }
      if (options.clock.nowMs() >= endMs) {
        throw late(options, error);
      }
    }
    await sleep(PAUSE_MS, undefined, { signal: options.signal });
  }
}

function late({ target, waitMs }: PrimaryOptions, cause: unknown): Error {
  const where = `${hostPort(target.rw)} let no write commit, with the audit behind it, within ${waitMs / 1000} s`;
  return new Error(`${where} (${messageOf(cause).replace(/\.$/, '')})`, { cause });
}

/** What no waiting mends: privileges, names, a wrong password. */
function isFinal(error: unknown): boolean {
  return /^(28|3D|42|0A)...$/.test(codeOf(error) ?? '');
}

async function attempt(options: PrimaryOptions, expected: Expected, endMs: number): Promise<PrimaryReading> {
  const { target, secrets, clock, signal } = options;
  const connection = await AuditConnection.open(target.rw, secrets.rwPassword, signal);
  try {
    await write(connection, Math.min(Math.max(endMs - clock.nowMs(), SHORTEST_MS), LONGEST_MS));
    const committedMs = clock.nowMs();
    const identity = await identityOf(connection, target.rw);
    if (identity.inRecovery) {
      throw new Error(`${identity.server} is in recovery`);
    }
    const timeline = await timelineOf(connection);
    await refuseDeposed(identity.server, timeline, options);
    const restless = await settle(connection, options, Math.min(endMs, committedMs + SETTLE_MS));
    const reading = await read(connection, expected, options, restless);
    return { ...reading, identity, timeline, committedMs, readMs: clock.nowMs() };
  } finally {
    await connection.close();
  }
}

/**
 * A transaction with an id, whose commit is flushed and waits for standbys as that of a client does; it leaves no row.
 * Everybody may do this.
 */
async function write(connection: AuditConnection, limitMs?: number): Promise<void> {
  await connection.rows("SELECT pg_logical_emit_message(true, 'pgha-bench', 'audit')", [], limitMs);
}

/** Null where the role may not ask. */
async function timelineOf(connection: AuditConnection): Promise<number | null> {
  try {
    const [row] = await connection.rows<{ file: string }>(
      'SELECT pg_walfile_name(pg_current_wal_lsn()) AS file',
    );
    return row === undefined ? null : Number.parseInt(row.file.slice(0, 8), 16);
  } catch (error) {
    if (/^42/.test(codeOf(error) ?? '')) {
      return null;
    }
    throw error;
  }
}

/** A proxy that has just started, or has not looked yet, may lead to an old leader that still takes writes. */
async function refuseDeposed(
  server: string,
  timeline: number | null,
  { target, access, signal }: PrimaryOptions,
): Promise<void> {
  for (const url of target.patroni) {
    const cluster = await getCluster(url, { ...access, signal }).catch(() => null);
    if (cluster === null) {
      continue;
    }
    const newest = Math.max(...cluster.members.map((member) => member.timeline ?? 0));
    if (timeline !== null && newest > timeline) {
      throw new Error(`${server} takes writes on timeline ${timeline}, and the cluster is on ${newest}`);
    }
    return;
  }
}

/** How long transactions that nobody waits for any more may take to end. */
const SETTLE_MS = 10_000;

/**
 * Waits for the run's own transactions that are still under way: their clients are gone, but the server may not have
 * noticed, and whatever they commit later would be missing here and there on a replica.
 * @returns how many were left
 */
async function settle(
  connection: AuditConnection,
  { runId, clock, signal }: PrimaryOptions,
  endMs: number,
): Promise<number> {
  for (;;) {
    const [row] = await connection.rows<{ busy: number }>(
      `SELECT count(*)::int AS busy FROM pg_stat_activity
        WHERE application_name LIKE $1 AND (state <> 'idle' OR backend_xid IS NOT NULL)`,
      [`pgha-bench/${runId}/%`],
    );
    const busy = row?.busy ?? 0;
    if (busy === 0 || clock.nowMs() >= endMs) {
      return busy;
    }
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

async function read(
  connection: AuditConnection,
  expected: Expected,
  { sources, base }: PrimaryOptions,
  restless: number,
): Promise<Pick<PrimaryReading, 'found' | 'lsn' | 'invariants' | 'missing'>> {
  await connection.rows(BEGIN_SNAPSHOT);
  // The first statement takes the snapshot, and what it sees was inserted into WAL before this position is read.
  const [row] = await connection.rows<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  const { found, missing } = await readTokens(connection, expected, sources);
  const checked = await check(connection, base);
  await connection.rows('ROLLBACK');
  // Moves what was inserted up to there out to the replicas, where commits do not wait for the disk, too.
  // For this transaction alone: through a pooler the session is somebody else's next.
  await connection.rows('BEGIN');
  await connection.rows('SET LOCAL synchronous_commit = local');
  await write(connection);
  await connection.rows('COMMIT');
  const left =
    restless === 0
      ? []
      : [`Transactions of the run were still under way (${restless}): what is in doubt may yet change.`];
  return {
    found,
    lsn: row?.lsn ?? '0/0',
    invariants: checked.invariants,
    missing: [...missing, ...checked.missing, ...left],
  };
}

/** The last of the transaction: where it is refused, nothing else suffers. */
async function check(
  connection: AuditConnection,
  base: TpcbState | null,
): Promise<{ readonly invariants: readonly Invariant[]; readonly missing: readonly string[] }> {
  if (base === null) {
    return { invariants: [], missing: [] };
  }
  if (base.kind === 'unknown') {
    return { invariants: [], missing: [base.reason] };
  }
  const now = await connection.within(SCAN_MS, tpcbSums(connection.sql));
  return now.kind === 'unknown'
    ? { invariants: [], missing: [now.reason] }
    : { invariants: tpcbInvariants(base.sums, now.sums), missing: [] };
}
