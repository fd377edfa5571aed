import type pg from 'pg';
import { copyIn } from '../copy-in.js';
import { writeInteger } from '../digits.js';
import type { PrepareProgress } from '../workload.js';
import { ACCOUNTS, TABLES, type Table, TELLERS } from './tables.js';

/**
 * Loads the rows by COPY, in the transaction that the caller has begun. pgbench 15 sends those of branches and tellers
 * as an INSERT each; later ones, and this, copy all three.
 */
export async function loadRows(
  sql: pg.ClientBase,
  scale: number,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  // Also, COPY may freeze rows only in tables that this transaction created or truncated.
  await truncate(sql);
  // In this order foreign keys that are there already hold.
  await copyRows(sql, 'pgbench_branches', scale, branchRow, progress);
  await copyRows(sql, 'pgbench_tellers', scale * TELLERS, tellerRow, progress);
  await copyRows(sql, 'pgbench_accounts', scale * ACCOUNTS, accountRow, progress);
}

/** The same rows, made by the server: less on the network, more work there. In the transaction that the caller has begun. */
export async function generateRows(
  sql: pg.ClientBase,
  scale: number,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  await truncate(sql);
  const texts: readonly (readonly [Table, string])[] = [
    ['pgbench_branches', `(bid,bbalance) select bid, 0 from generate_series(1, ${scale}) as bid`],
    [
      'pgbench_tellers',
      `(tid,bid,tbalance) select tid, (tid - 1) / ${TELLERS} + 1, 0 from generate_series(1, ${scale * TELLERS}) as tid`,
    ],
    [
      'pgbench_accounts',
      `(aid,bid,abalance,filler) select aid, (aid - 1) / ${ACCOUNTS} + 1, 0, '' from generate_series(1, ${scale * ACCOUNTS}) as aid`,
    ],
  ];
  for (const [table, text] of texts) {
    progress({ step: `generate ${table}`, done: 0, total: 0 });
    await sql.query(`insert into ${table}${text}`);
  }
}

/** In one statement, which foreign keys among them do not hinder. */
async function truncate(sql: pg.ClientBase): Promise<void> {
  await sql.query(`truncate table ${TABLES.join(', ')}`);
}

/** Writes row number `index`, from 0, in COPY's text format; returns the offset behind it. */
type RowWriter = (index: number, target: Buffer, offset: number) => number;

/** No row of the three is longer: three numbers, three tabs, \N and a line end. */
const LONGEST_ROW = 64;

async function copyRows(
  sql: pg.ClientBase,
  table: Table,
  total: number,
  writeRow: RowWriter,
  progress: (step: PrepareProgress) => void,
): Promise<void> {
  const step = `load ${table}`;
  let done = 0;
  progress({ step, done, total });
  const frozen = (await canFreeze(sql, table)) ? ' with (freeze on)' : '';
  await copyIn(sql, `copy ${table} from stdin${frozen}`, (target) => {
    let offset = 0;
    const limit = target.length - LONGEST_ROW;
    while (offset <= limit && done < total) {
      offset = writeRow(done, target, offset);
      done += 1;
    }
    progress({ step, done, total });
    return offset;
  });
}

/** PostgreSQL refuses it for partitioned tables, and before 14 it left the visibility map empty: pgbench's conditions. */
async function canFreeze(sql: pg.ClientBase, table: Table): Promise<boolean> {
  const { rows } = await sql.query<{ can: boolean }>(
    `select relkind = 'r' and current_setting('server_version_num')::int >= 140000 as can
     from pg_catalog.pg_class where oid = to_regclass($1)`,
    [table],
  );
  return rows[0]?.can === true;
}

const TAB = 0x09;
const LINE_END = 0x0a;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const CAPITAL_N = 0x4e;

/** bid, bbalance, filler */
function branchRow(index: number, target: Buffer, offset: number): number {
  return zeroAndNull(target, writeInteger(index + 1, target, offset));
}

/** tid, bid, tbalance, filler */
function tellerRow(index: number, target: Buffer, offset: number): number {
  const at = writeInteger(index + 1, target, offset);
  target[at] = TAB;
  return zeroAndNull(target, writeInteger(Math.floor(index / TELLERS) + 1, target, at + 1));
}

/** aid, bid, abalance and a filler that is empty, not NULL: PostgreSQL pads it with blanks, so the rows have their size. */
function accountRow(index: number, target: Buffer, offset: number): number {
  let at = writeInteger(index + 1, target, offset);
  target[at] = TAB;
  at = writeInteger(Math.floor(index / ACCOUNTS) + 1, target, at + 1);
  target[at] = TAB;
  target[at + 1] = ZERO;
  target[at + 2] = TAB;
  target[at + 3] = LINE_END;
  return at + 4;
}

/** A balance of 0 and a filler of NULL. */
function zeroAndNull(target: Buffer, offset: number): number {
  target[offset] = TAB;
  target[offset + 1] = ZERO;
  target[offset + 2] = TAB;
  target[offset + 3] = BACKSLASH;
  target[offset + 4] = CAPITAL_N;
  target[offset + 5] = LINE_END;
  return offset + 6;
}
