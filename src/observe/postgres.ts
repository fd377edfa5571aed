import type { ClusterMember } from '../cluster/patroni.js';
import { codeOf, messageOf } from '../errors.js';
import { directly, type Endpoint, hostPort } from '../plan/target.js';
import type { ClockOffset, ObserverFacts, Series } from '../result/observed.js';
import { ClockOffsetEstimator } from './clock-offset.js';
import type { Observer, ObserverContext } from './observer.js';
import { Poll } from './poll.js';
import { type NodeLook, PostgresNode } from './postgres-node.js';
import { SeriesBook } from './series.js';
import { Watched } from './watched.js';

const PACE = { calmMs: 1000, alertMs: 200 };

/** What the nodes alone can tell. */
export const POSTGRES_SHOWS =
  'when each node was promoted or demoted, whether two were primary at once, timelines, positions and lags of the WAL, and the clocks of the hosts';

/** One node, with what was seen of it. */
interface Node {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly connection: PostgresNode;
  readonly clock: ClockOffsetEstimator;
  readonly watched: ReturnType<typeof watchedOf>;
  answered: boolean;
  /** While it is a primary that answers: where its WAL is. */
  primary: { readonly timeline: number; readonly lsn: number } | null;
  /** Why it answers but does not let us look; null when it does. */
  refusal: string | null;
  lastFailure: string;
}

/**
 * PostgreSQL of each node, past the proxy, on one connection each. Events by subject, the node's name:
 * - `pg_up`, `pg_down`: whether it takes connections and answers within a second
 * - `role`: primary or standby at the first look; then `promoted`, `demoted`
 * - `timeline`; `restarted`: another postmaster than before
 *
 * Series: `wal_lsn` (written by a primary, replayed by a standby), `receive_lag_bytes` and `replay_lag_bytes` against the
 * primary's position at its last look, null while no primary answers.
 */
export class PostgresObserver implements Observer {
  readonly layer = 'postgres';
  readonly gaps: string[] = [];
  private readonly nodes: readonly Node[];
  private readonly polls: readonly Poll[];
  private readonly book = new SeriesBook();

  /** @param members those without an address are left out; @param login user, database and sslMode, its address is ignored */
  constructor(
    private readonly context: ObserverContext,
    members: readonly ClusterMember[],
    login: Endpoint,
    password: string | undefined,
  ) {
    this.nodes = members.flatMap(({ name, host, port }) =>
      host === null || port === null
        ? []
        : [nodeOf(context, name, directly(login, { host, port }), password)],
    );
    this.polls = this.nodes.map((node) => new Poll(PACE, (signal) => this.look(node, signal)));
  }

  start(): void {
    for (const poll of this.polls) {
      poll.start();
    }
  }

  alert(forMs: number): void {
    for (const poll of this.polls) {
      poll.alert(forMs);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.polls.map((poll) => poll.stop()));
    for (const node of this.nodes) {
      node.connection.close();
      this.gaps.push(...gapsOf(node));
    }
    this.gaps.push(...this.polls.flatMap((poll) => poll.problems));
  }

  series(): readonly Series[] {
    return this.book.series();
  }

  clocks(): readonly ClockOffset[] {
    return this.nodes.flatMap(({ clock }) => clock.offset() ?? []);
  }

  facts(): ObserverFacts {
    const watched = this.nodes.some((node) => node.answered);
    const failure = this.nodes.find((node) => node.lastFailure !== '')?.lastFailure ?? 'no answer yet';
    const missing = `${POSTGRES_SHOWS}; no node let itself be looked at directly: ${failure}`;
    return { layer: this.layer, watched, missing: watched ? null : missing };
  }

  private async look(node: Node, signal: AbortSignal): Promise<void> {
    const askedMs = this.context.clock.nowMs();
    try {
      const look = await node.connection.look(signal);
      this.saw(node, look, askedMs);
    } catch (error) {
      if (!signal.aborted) {
        this.failed(node, error, askedMs);
      }
    }
  }

  private saw(node: Node, look: NodeLook, askedMs: number): void {
    const { watched } = node;
    node.answered = true;
    node.refusal = null;
    node.clock.add(look.askedMs, look.answeredMs, look.serverMs);
    watched.state.saw('up', askedMs);
    watched.started.saw(String(Math.round(look.startedMs)), askedMs);
    watched.role.saw(look.standby ? 'standby' : 'primary', askedMs);
    if (look.timeline !== null) {
      watched.timeline.saw(String(look.timeline), askedMs);
    }
    const { writtenLsn, timeline } = look;
    node.primary = writtenLsn === null ? null : { timeline: timeline ?? 0, lsn: writtenLsn };
    this.record(node, look);
  }

  private record({ name }: Node, look: NodeLook): void {
    const nowMs = this.context.clock.nowMs();
    this.book.add(name, 'wal_lsn', 'bytes', nowMs, look.writtenLsn ?? look.replayedLsn);
    if (!look.standby) {
      return;
    }
    const primaryLsn = this.primaryLsn();
    const lag = (lsn: number | null) =>
      primaryLsn === null || lsn === null ? null : Math.max(0, primaryLsn - lsn);
    // A receiver that begins anew counts from the start of a segment.
    const received = look.receivedLsn === null ? null : Math.max(look.receivedLsn, look.replayedLsn ?? 0);
    this.book.add(name, 'receive_lag_bytes', 'bytes', nowMs, lag(received));
    this.book.add(name, 'replay_lag_bytes', 'bytes', nowMs, lag(look.replayedLsn));
  }

  /** Of two primaries the one that was promoted last counts. */
  private primaryLsn(): number | null {
    let latest: Node['primary'] = null;
    for (const { primary } of this.nodes) {
      if (primary !== null && (latest === null || primary.timeline > latest.timeline)) {
        latest = primary;
      }
    }
    return latest?.lsn ?? null;
  }

  private failed(node: Node, error: unknown, askedMs: number): void {
    node.lastFailure = `${hostPort(node.endpoint)}: ${messageOf(error)}`;
    node.primary = null;
    if (refuses(error)) {
      node.refusal = node.lastFailure;
    } else if (node.answered) {
      // One that was never reached may be out of our reach only.
      node.watched.state.saw('down', askedMs);
    }
    if (node.answered) {
      const nowMs = this.context.clock.nowMs();
      this.book.add(node.name, 'wal_lsn', 'bytes', nowMs, null);
    }
  }
}

function nodeOf(
  context: ObserverContext,
  name: string,
  endpoint: Endpoint,
  password: string | undefined,
): Node {
  return {
    name,
    endpoint,
    connection: new PostgresNode(endpoint, password),
    clock: new ClockOffsetEstimator(endpoint.host),
    watched: watchedOf(context, name),
    answered: false,
    primary: null,
    refusal: null,
    lastFailure: '',
  };
}

function watchedOf(context: ObserverContext, name: string) {
  return {
    state: new Watched(
      context,
      'postgres',
      (to) => (to === 'up' ? 'pg_up' : 'pg_down'),
      name,
      (to) => `PostgreSQL of ${name} is ${to}`,
    ),
    role: new Watched(context, 'postgres', roleEvent, name, (to, from) =>
      from === null ? `${name} is ${to}` : `${name} was ${from} and is ${to}`,
    ),
    timeline: new Watched(
      context,
      'postgres',
      () => 'timeline',
      name,
      (to) => `PostgreSQL of ${name} is on timeline ${to}`,
    ),
    started: new Watched(
      context,
      'postgres',
      () => 'restarted',
      name,
      (to) => `PostgreSQL of ${name} was started at ${new Date(Number(to)).toISOString()} by its own clock`,
      () => false,
    ),
  };
}

function roleEvent(to: string, from: string | null): string {
  if (from === null) {
    return 'role';
  }
  return to === 'primary' ? 'promoted' : 'demoted';
}

/** Errors of a server that is up: login (28), no such database, no right to connect, no free connection, no TLS. */
function refuses(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return (
    code.startsWith('28') ||
    ['3D000', '42501', '53300'].includes(code) ||
    /does not support SSL|SASL|certificate|password/.test(messageOf(error))
  );
}

function gapsOf({ name, answered, refusal, lastFailure, connection }: Node): readonly string[] {
  const gaps: string[] = [];
  if (!answered && lastFailure !== '') {
    gaps.push(`PostgreSQL of ${name} was not watched: it could not be asked directly (${lastFailure}).`);
  } else if (refusal !== null) {
    gaps.push(`PostgreSQL of ${name} stopped answering the observer: ${refusal}.`);
  }
  if (connection.unread !== null) {
    gaps.push(`The role that watches PostgreSQL of ${name} may not read ${connection.unread}.`);
  }
  return gaps;
}
