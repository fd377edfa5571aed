import type pg from 'pg';
import { codeOf } from '../errors.js';
import type { Endpoint } from '../plan/target.js';
import { dropClient } from '../postgres/connect.js';
import { newClient } from '../postgres/pg-client.js';
import { wallClockMs } from './clock-offset.js';

const TIMEOUT_MS = 1000;

/** What a node says of itself at one instant. LSNs in bytes; null is what a server in this role, or this role of ours, has not. */
export interface NodeLook {
  readonly standby: boolean;
  readonly timeline: number | null;
  /** Written by a primary. */
  readonly writtenLsn: number | null;
  readonly receivedLsn: number | null;
  readonly replayedLsn: number | null;
  /** Epoch ms by its clock. */
  readonly startedMs: number;
  readonly serverMs: number;
  /** By wallClockMs: when it was asked and had answered; both again null where the time went into connecting. */
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** How much the role that we connect as may read, most first. */
type Level = 'all' | 'no control file' | 'no functions';
const LEVELS: readonly Level[] = ['all', 'no control file', 'no functions'];

/**
 * A standby's timeline: that of the WAL it receives, which takes pg_monitor to see; else that of the control file, which
 * lags behind until the next restart point. A primary's is in the name of its WAL file. OFFSET 0 keeps the planner from
 * asking for the role more than once: it may change in between.
 */
const CONTROL =
  'greatest((SELECT timeline_id FROM pg_control_checkpoint()), (SELECT min_recovery_end_timeline FROM pg_control_recovery()))';
const RECEIVING = '(SELECT received_tli FROM pg_stat_wal_receiver)';
const TIMES = `extract(epoch FROM pg_postmaster_start_time())::float8 * 1000,
  extract(epoch FROM clock_timestamp())::float8 * 1000`;

function queryOf(level: Level): string {
  if (level === 'no functions') {
    return `SELECT pg_is_in_recovery(), NULL, NULL, NULL, NULL, NULL, ${TIMES}`;
  }
  const control = level === 'all' ? CONTROL : 'NULL::int';
  return `SELECT standby,
  CASE WHEN standby THEN ${RECEIVING} ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END,
  CASE WHEN standby THEN ${control} END,
  CASE WHEN NOT standby THEN (pg_current_wal_lsn() - '0/0')::float8 END,
  CASE WHEN standby THEN (pg_last_wal_receive_lsn() - '0/0')::float8 END,
  CASE WHEN standby THEN (pg_last_wal_replay_lsn() - '0/0')::float8 END,
  ${TIMES}
  FROM (SELECT pg_is_in_recovery() AS standby OFFSET 0) AS role`;
}

type Row = [
  boolean,
  number | null,
  number | null,
  number | null,
  number | null,
  number | null,
  number,
  number,
];

/** One connection to one node, made again when it was lost. */
export class PostgresNode {
  private client: pg.Client | null = null;
  private level = 0;
  /** Of the standby's timeline, which the control file may tell late. */
  private knownTimeline: number | null = null;
  private knownStartMs = 0;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly password: string | undefined,
  ) {}

  /** What our role was not allowed to read, null when nothing. */
  get unread(): string | null {
    switch (LEVELS[this.level]) {
      case 'no control file':
        return 'the timeline of a standby, for which it takes pg_monitor, or EXECUTE on pg_control_checkpoint and pg_control_recovery';
      case 'no functions':
        return 'timelines, positions of the WAL and lags, for which it takes EXECUTE on pg_current_wal_lsn and its like';
      default:
        return null;
    }
  }

  /** Connects where that is still to be done. On the signal it lets go of the connection. @throws what pg throws */
  async look(signal: AbortSignal): Promise<NodeLook> {
    const hangUp = () => this.close();
    signal.addEventListener('abort', hangUp);
    try {
      const client = this.client ?? (await this.connect());
      return await this.ask(client);
    } catch (error) {
      // A query that timed out would hold up the next one.
      this.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', hangUp);
    }
  }

  close(): void {
    if (this.client !== null) {
      dropClient(this.client);
      this.client = null;
    }
  }

  private async connect(): Promise<pg.Client> {
    const { endpoint, password } = this;
    const config = { connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS };
    const login = { endpoint, password, applicationName: 'pgha-bench/observer', config };
    const client = newClient(login, endpoint);
    this.client = client;
    client.on('error', () => undefined);
    client.on('end', () => {
      if (this.client === client) {
        this.client = null;
      }
    });
    await client.connect();
    return client;
  }

  private async ask(client: pg.Client): Promise<NodeLook> {
    for (;;) {
      const level = LEVELS[this.level] ?? 'no functions';
      try {
        const askedMs = wallClockMs();
        const { rows } = await client.query<Row>({
          name: `look ${this.level}`,
          text: queryOf(level),
          rowMode: 'array',
        });
        const answeredMs = wallClockMs();
        return this.lookOf(rows[0] as Row, askedMs, answeredMs);
      } catch (error) {
        if (codeOf(error) !== INSUFFICIENT_PRIVILEGE || this.level === LEVELS.length - 1) {
          throw error;
        }
        this.level++;
      }
    }
  }

  private lookOf(row: Row, askedMs: number, answeredMs: number): NodeLook {
    const [standby, current, control, writtenLsn, receivedLsn, replayedLsn, startedMs, serverMs] = row;
    if (startedMs !== this.knownStartMs) {
      this.knownStartMs = startedMs;
      this.knownTimeline = null;
    }
    // What the control file says may be older than what was known before.
    const timeline = current ?? latest(control, this.knownTimeline);
    this.knownTimeline = timeline;
    return {
      standby,
      timeline,
      writtenLsn,
      receivedLsn,
      replayedLsn,
      startedMs,
      serverMs,
      askedMs,
      answeredMs,
    };
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

function latest(one: number | null, other: number | null): number | null {
  if (one === null || other === null) {
    return one ?? other;
  }
  return Math.max(one, other);
}
