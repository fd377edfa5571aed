import { withDirect } from '../cluster/direct.js';
import type { HttpAccess } from '../cluster/http.js';
import { type ClusterMember, getCluster, getHistory } from '../cluster/patroni.js';
import { messageOf } from '../errors.js';
import type { WorkerLedger } from '../load/ledger-facts.js';
import type { Secrets, Target } from '../plan/target.js';
import type { AuditedReplica, CommitAudit } from '../result/commits.js';
import type { TimelineEnd } from '../result/observed.js';
import { Expected } from './expected.js';
import { Found } from './found.js';
import type { TpcbState } from './invariants.js';
import { type LeaderChange, lossesOf } from './losses.js';
import { forgottenInstants, LOST_FILE, LostTokens } from './lost-tokens.js';
import { type PrimaryReading, readPrimary } from './primary.js';
import { type ReplicaReading, readReplica } from './replicas.js';
import type { TokenSource } from './sources.js';

export interface AuditOptions {
  readonly mode: CommitAudit['mode'];
  readonly runId: string;
  /** Of all workers, after all clients have ended. */
  readonly ledgers: readonly WorkerLedger[];
  readonly sources: readonly TokenSource[];
  /** Scripts that write, and whose commits leave no token. */
  readonly uncovered: readonly string[];
  readonly target: Target;
  readonly secrets: Secrets;
  /** Of Patroni. */
  readonly access: HttpAccess;
  /** As they were known before the load; they are asked for anew where Patroni answers, and those that are gone are named. */
  readonly members: readonly ClusterMember[];
  /** In the order of time, without the first leader. */
  readonly leaderChanges: readonly LeaderChange[];
  /** The leader's timeline when the run began; null when it is not known. */
  readonly timelineAtStart: number | null;
  /** As it was known; it is asked for anew where Patroni answers. */
  readonly history: readonly TimelineEnd[];
  /** End of WAL, in bytes, that was acknowledged to the probe up to this instant of the run, ms. */
  readonly lsnBefore: (atMs: number) => number | null;
  /** What tpcbSums() read before the load; null for any workload but tpcb alone. */
  readonly tpcb: TpcbState | null;
  /** The run's. */
  readonly clock: { readonly nowMs: () => number };
  /** End of the load on that clock. */
  readonly endMs: number;
  /** Ends the audit quickly; what is known until then is told. */
  readonly signal: AbortSignal;
  /** How long to wait for a write that commits; 60,000 when absent. */
  readonly waitMs?: number;
  /** How long a replica may take to replay what the primary had; 30,000 when absent. */
  readonly replicaWaitMs?: number;
}

export interface Audit {
  readonly commits: CommitAudit;
  /** To be written beside the result, see writeLostTokens(), when there are any. */
  readonly lost: LostTokens;
  /** Ends of timelines after the audit. */
  readonly history: readonly TimelineEnd[];
}

/**
 * Compares what the clients know of their commits with what the primary holds, and each replica with the primary.
 * It never throws: what could not be done is in `missing`.
 */
export async function auditCommits(options: AuditOptions): Promise<Audit> {
  try {
    return await audit(options);
  } catch (error) {
    return notMade(
      options,
      options.signal.aborted ? INTERRUPTED : `Nothing was audited: ${reasonOf(error)}.`,
    );
  }
}

const INTERRUPTED = 'The audit was interrupted.';

async function audit(options: AuditOptions): Promise<Audit> {
  const expected = new Expected(options.runId, options.ledgers);
  const waitMs = options.waitMs ?? 60_000;
  const reading = await readPrimary({ ...options, base: options.tpcb, waitMs }, expected);
  const counts = reading.found.counts();
  const members = await membersOf(options);
  const replicas = await compareReplicas(options, expected, reading, members);
  const history = await historyOf(options);
  const lost = new LostTokens(expected, reading.found, counts.ackedLost);
  const primary = {
    ...counts,
    server: reading.identity.server,
    timeline: reading.timeline,
    beganMs: reading.committedMs - options.endMs,
    tookMs: reading.readMs - reading.committedMs,
  };
  const commits: CommitAudit = {
    mode: options.mode,
    drawn: expected.drawn,
    primary,
    replicas: replicas.compared,
    uncovered: options.uncovered,
    invariants: reading.invariants,
    losses: lossesOf(lost, { ...options, members: members.map(({ member }) => member), history }),
    lostFile: lost.count === 0 ? null : LOST_FILE,
    missing: [...reading.missing, ...replicas.missing, ...forgottenInstants(lost, options.ledgers)],
  };
  return { commits, lost, history };
}

function notMade({ mode, runId, ledgers, uncovered, history }: AuditOptions, reason: string): Audit {
  let drawn = 0;
  for (const facts of ledgers.flatMap((ledger) => ledger.clients)) {
    drawn += facts.drawn;
  }
  const nothing = new Expected(runId, []);
  const commits: CommitAudit = {
    mode,
    drawn,
    primary: null,
    replicas: [],
    uncovered,
    invariants: [],
    losses: [],
    lostFile: null,
    missing: [reason],
  };
  return { commits, lost: new LostTokens(nothing, new Found(nothing), 0), history };
}

interface Compared {
  readonly compared: readonly AuditedReplica[];
  readonly missing: readonly string[];
}

async function compareReplicas(
  options: AuditOptions,
  expected: Expected,
  primary: PrimaryReading,
  members: readonly KnownMember[],
): Promise<Compared> {
  if (members.length === 0) {
    return {
      compared: [],
      missing: ['No replica was compared: without Patroni their addresses are not known.'],
    };
  }
  const listedMs = options.replicaWaitMs ?? 30_000;
  const compare = async ({ member, listed }: KnownMember): Promise<ReplicaReading> => {
    // Whoever has left the cluster is not waited for, but may be there, and even take writes.
    const waitMs = listed ? listedMs : 0;
    try {
      return await readReplica(member, { ...options, waitMs }, expected, primary);
    } catch (error) {
      const reason = options.signal.aborted ? 'the audit was interrupted' : reasonOf(error);
      return { kind: 'missing', reason: `${member.name} was not compared: ${reason}.` };
    }
  };
  const compared: AuditedReplica[] = [];
  const missing: string[] = [];
  for (const reading of await Promise.all(members.map(compare))) {
    if (reading.kind === 'replica') {
      compared.push(reading.replica);
      missing.push(...reading.missing);
    } else if (reading.kind === 'missing') {
      missing.push(reading.reason);
    }
  }
  return { compared, missing };
}

/** To go into a sentence. */
function reasonOf(error: unknown): string {
  return messageOf(error).replace(/\.$/, '');
}

interface KnownMember {
  readonly member: ClusterMember;
  /** The cluster lists it now: a member that is dead for longer than its lease is on no list any more. */
  readonly listed: boolean;
}

async function membersOf({ target, access, members, signal }: AuditOptions): Promise<readonly KnownMember[]> {
  const cluster = await firstAnswer(target.patroni, (url) => getCluster(url, { ...access, signal }));
  const now = cluster === null ? members : withDirect(cluster.members, target);
  const names = new Set(now.map(({ name }) => name));
  return [
    ...now.map((member) => ({ member, listed: true })),
    ...members.filter(({ name }) => !names.has(name)).map((member) => ({ member, listed: false })),
  ];
}

async function historyOf({ target, access, history, signal }: AuditOptions): Promise<readonly TimelineEnd[]> {
  const listed = await firstAnswer(target.patroni, (url) => getHistory(url, { ...access, signal }));
  return listed === null || listed.length < history.length ? history : listed;
}

/** Null when nobody answers. */
async function firstAnswer<T>(urls: readonly string[], ask: (url: string) => Promise<T>): Promise<T | null> {
  for (const url of urls) {
    try {
      return await ask(url);
    } catch {
      // The next one.
    }
  }
  return null;
}
