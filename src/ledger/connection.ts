import type pg from 'pg';
import Cursor from 'pg-cursor';
import { messageOf } from '../errors.js';
import { type Endpoint, hostPort } from '../plan/target.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { isPooled } from '../postgres/dial.js';

/** For questions that any server answers at once. */
const ANSWER_MS = 15_000;
/** For those that read whole tables, and for the next rows of such: the first ones may lie behind many of other runs. */
export const SCAN_MS = 120_000;

/**
 * One connection of the audit. A server that stops answering is not waited for without end, and the signal ends
 * whatever is under way: then the connection is gone.
 */
export class AuditConnection {
  private constructor(
    readonly sql: pg.Client,
    private readonly cut: AbortController,
  ) {}

  /** @throws UserError as openClient does */
  static async open(
    endpoint: Endpoint,
    password: string | undefined,
    signal: AbortSignal,
  ): Promise<AuditConnection> {
    const cut = new AbortController();
    const sql = await openClient(endpoint, password, 'audit', {
      signal: AbortSignal.any([signal, cut.signal]),
    });
    const connection = new AuditConnection(sql, cut);
    try {
      // Timeouts of the role are for its own work; ours are here. A pooler's session is somebody else's next.
      const [row] = await connection.rows<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      if (!isPooled(sql, row?.pid ?? -1)) {
        await connection.rows('SET statement_timeout = 0');
        await connection.rows('SET idle_in_transaction_session_timeout = 0');
      }
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async rows<Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    limitMs: number = ANSWER_MS,
  ): Promise<readonly Row[]> {
    return (await this.within(limitMs, this.sql.query<Row>(text, [...values]))).rows;
  }

  /** Texts of a query's only column, in bounded memory. */
  async *texts(query: string, values: readonly unknown[], batch: number): AsyncGenerator<readonly string[]> {
    const cursor = this.sql.query(new Cursor<[string]>(query, [...values], { rowMode: 'array' }));
    for (;;) {
      const rows = await this.within(SCAN_MS, cursor.read(batch));
      if (rows.length === 0) {
        return;
      }
      yield rows.map(([text]) => text);
    }
  }

  /** Waits for an answer; when it does not come in time, the connection is dropped. @throws what the work throws */
  async within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.cut.abort(), limitMs);
    try {
      return await work;
    } catch (error) {
      const late = this.cut.signal.aborted;
      throw late ? new Error(`no answer within ${Math.round(limitMs)} ms (${messageOf(error)})`) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await closeClient(this.sql);
  }
}

/** Who answers on a connection. */
export interface Identity {
  /** `127.0.2.2:5432` as the server names itself. */
  readonly server: string;
  /** The same for all addresses of one server, and another one after a restart. */
  readonly startedAt: string;
  readonly inRecovery: boolean;
}

export async function identityOf(connection: AuditConnection, endpoint: Endpoint): Promise<Identity> {
  const [row] = await connection.rows<{
    host: string | null;
    port: number | null;
    started: string;
    standby: boolean;
  }>(
    `SELECT host(inet_server_addr()) AS host, inet_server_port() AS port,
       pg_postmaster_start_time()::text AS started, pg_is_in_recovery() AS standby`,
  );
  const { host = null, port = null, started = '', standby = true } = row ?? {};
  return {
    server: hostPort(host === null || port === null ? endpoint : { host, port }),
    startedAt: started,
    inRecovery: standby,
  };
}
