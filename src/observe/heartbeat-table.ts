import type pg from 'pg';
import { messageOf } from '../errors.js';
import type { Protocol } from '../plan/plan.js';
import { ProbeStatement, VALUE } from './probe-statement.js';

/** One row for each run that has a heartbeat. */
const TABLE = 'pgha_bench_heartbeat';

/** A table with room for new versions of its rows on their own page, so that no index is touched by an update. */
const CREATE = `create table if not exists ${TABLE} (run text primary key, seq bigint not null) with (fillfactor = 10)`;

/**
 * Makes the table where it is not there, and the row of the run with value 0.
 * @param sql a client of the read-write endpoint, not within a transaction
 * @returns null, or one sentence why there can be no heartbeat
 */
export async function prepareHeartbeat(sql: pg.ClientBase, runId: string): Promise<string | null> {
  try {
    // Not left to IF NOT EXISTS: that asks for the right to create before it looks, and one role may prepare for another.
    const { rows } = await sql.query<{ there: boolean }>(
      `select to_regclass('${TABLE}') is not null as there`,
    );
    if (rows[0]?.there !== true) {
      await sql.query(CREATE);
    }
    await sql.query(`insert into ${TABLE} values ($1, 0) on conflict (run) do update set seq = 0`, [runId]);
    return null;
  } catch (error) {
    return `There is no heartbeat, so nothing is told of stale reads: the table ${TABLE} cannot be made or written (${messageOf(error)}). Give the role the right to create tables, or create the table and grant it.`;
  }
}

/** Takes the row of the run away, and the table with the last one. @returns null, or one sentence about what is left */
export async function removeHeartbeat(sql: pg.ClientBase, runId: string): Promise<string | null> {
  try {
    await sql.query(`delete from ${TABLE} where run = $1`, [runId]);
    await dropWhenEmpty(sql);
    return null;
  } catch (error) {
    return `The table ${TABLE} of the heartbeat is left behind: ${messageOf(error)}.`;
  }
}

/** Only its owner can. Another run may just begin: nobody may write while it is looked at. */
async function dropWhenEmpty(sql: pg.ClientBase): Promise<void> {
  const { rows } = await sql.query<{ owned: boolean }>(
    `select pg_has_role(relowner, 'usage') as owned from pg_class where oid = to_regclass('${TABLE}')`,
  );
  if (rows[0]?.owned !== true) {
    return;
  }
  await sql.query(`begin; set local lock_timeout = '1s'; lock table ${TABLE} in access exclusive mode`);
  try {
    const left = await sql.query(`select from ${TABLE} limit 1`);
    if (left.rowCount === 0) {
      await sql.query(`drop table ${TABLE}`);
    }
    await sql.query('commit');
  } catch (error) {
    await sql.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** Sets the value of the run's row, which may be gone with the timeline that it was made on; never back to an older one. */
export function writeStatement(runId: string, protocol: Protocol): ProbeStatement {
  return new ProbeStatement(
    [
      `insert into ${TABLE} as beat values (${literal(runId)}, `,
      VALUE,
      ') on conflict (run) do update set seq = excluded.seq where beat.seq < excluded.seq',
    ],
    protocol,
  );
}

export function readStatement(runId: string, protocol: Protocol): ProbeStatement {
  return new ProbeStatement([`select seq from ${TABLE} where run = ${literal(runId)}`], protocol);
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
