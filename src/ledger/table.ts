import type pg from 'pg';
import { messageOf, UserError } from '../errors.js';
import { LEDGER_TABLE } from '../workload/ledger-token.js';
import { TOKEN_COLUMNS, type TokenSource } from './sources.js';

/**
 * Makes the table of tokens ready for a run: there, and empty, unless another run may be using it; tokens name their run.
 * Nothing to do where all tokens lie in the history.
 * @throws UserError when the role may not, or when the table is somebody else's
 */
export async function prepareLedger(sql: pg.ClientBase, sources: readonly TokenSource[]): Promise<void> {
  if (!sources.includes('rows')) {
    return;
  }
  try {
    // What is there already needs no right to create.
    const found = await foundIn(sql);
    if (found === 'foreign') {
      throw new Error('there is a table of this name that pgha-bench did not make');
    }
    if (found === 'none') {
      await sql.query(`CREATE TABLE IF NOT EXISTS ${LEDGER_TABLE} (token text PRIMARY KEY)`);
    }
    if (!(await isAnotherRunOn(sql))) {
      await sql.query(`TRUNCATE ${LEDGER_TABLE}`);
    }
  } catch (error) {
    throw new UserError(
      `The table ${LEDGER_TABLE}, which the audit of commits needs, could not be made ready: ${messageOf(error)}.`,
      'Grant the role CREATE on its schema, or run with --ledger off.',
    );
  }
}

/** Takes the table away that prepareLedger() made, if it is there; one of its name that others made stays. */
export async function dropLedger(sql: pg.ClientBase): Promise<void> {
  if ((await foundIn(sql)) === 'ours') {
    await sql.query(`DROP TABLE IF EXISTS ${LEDGER_TABLE}`);
  }
}

/** Ours has one column; nobody gave a table of theirs this name and this shape. */
async function foundIn(sql: pg.ClientBase): Promise<'none' | 'ours' | 'foreign'> {
  const { rows } = await sql.query<{ there: boolean; columns: string | null }>(
    `SELECT to_regclass($1) IS NOT NULL AS there,
            (SELECT string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ')
               FROM pg_catalog.pg_attribute
              WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped) AS columns`,
    [LEDGER_TABLE],
  );
  if (rows[0]?.there !== true) {
    return 'none';
  }
  return rows[0].columns === 'token text' ? 'ours' : 'foreign';
}

/** Connections of a run's clients and probes begin with its id; this one's are not open yet. */
async function isAnotherRunOn(sql: pg.ClientBase): Promise<boolean> {
  const { rows } = await sql.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND application_name ~ '^pgha-bench/[0-9a-f]{8}/') AS there`,
  );
  return rows[0]?.there === true;
}

/** What makes the loss of acknowledged commits legal on this server: one sentence each, for the notes of a result. */
export async function ledgerCaveats(
  sql: pg.ClientBase,
  sources: readonly TokenSource[],
): Promise<readonly string[]> {
  const caveats: string[] = [];
  const { rows } = await sql.query<{ fsync: string; commits: string }>(
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits",
  );
  if (rows[0]?.fsync === 'off') {
    caveats.push(
      'fsync is off: a crash of the host may lose commits that were acknowledged, and more than that.',
    );
  }
  if (rows[0]?.commits === 'off') {
    caveats.push('synchronous_commit is off: any crash may lose the last commits that were acknowledged.');
  }
  for (const table of await unloggedOf(sql, sources)) {
    caveats.push(
      `${table} is unlogged: a crash empties it, and no replica has it, so that all its commits look lost.`,
    );
  }
  return caveats;
}

async function unloggedOf(sql: pg.ClientBase, sources: readonly TokenSource[]): Promise<readonly string[]> {
  const tables = sources.map((source) => TOKEN_COLUMNS[source].table);
  const { rows } = await sql.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) AS name JOIN pg_catalog.pg_class c ON c.oid = to_regclass(name)
      WHERE c.relpersistence = 'u'`,
    [tables],
  );
  return rows.map(({ name }) => name);
}
