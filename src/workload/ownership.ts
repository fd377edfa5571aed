import type pg from 'pg';

/**
 * Which tables this tool made, so that it never overwrites those of somebody else unasked.
 *
 * It is kept in a table of its own and not in comments on the tables, since the tables must be the same as those of
 * pgbench and sysbench to the last line of a dump. It names a table by its OID (shown as its name): tables that
 * `pgbench -i` made in place of ours have others and are no longer ours, and a dump carries it over by name.
 */
const REGISTER = 'pgha_bench_tables';

/** Enters tables that were just made, in the transaction that made them. @param names as the search path finds them */
export async function markMade(sql: pg.ClientBase, names: readonly string[]): Promise<void> {
  await sql.query(
    `create table if not exists ${REGISTER} (relation regclass primary key, made_at timestamptz not null default now())`,
  );
  await forgetGone(sql);
  await sql.query(
    `insert into ${REGISTER} (relation) select name::regclass from unnest($1::text[]) as name on conflict do nothing`,
    [names],
  );
}

/**
 * Whether each table of these names that is there was made by this tool. A role that may not read the register, as an
 * application's may not, cannot know: then they count as somebody else's.
 */
export async function isMadeHere(sql: pg.ClientBase, names: readonly string[]): Promise<boolean> {
  if (!(await canReadRegister(sql))) {
    return false;
  }
  const { rows } = await sql.query<{ foreign: boolean }>(
    `select exists (
       select from unnest($1::text[]) as name
       where to_regclass(name) not in (select relation from ${REGISTER})
     ) as foreign`,
    [names],
  );
  return rows[0]?.foreign === false;
}

/** Takes tables that are gone off the register, and the register away when it is empty. */
export async function forgetDropped(sql: pg.ClientBase): Promise<void> {
  if (!(await canReadRegister(sql))) {
    return;
  }
  await forgetGone(sql);
  const { rows } = await sql.query<{ left: boolean }>(`select exists (select from ${REGISTER}) as left`);
  if (rows[0]?.left === false) {
    await sql.query(`drop table ${REGISTER}`);
  }
}

/** Asked of the catalogue, for a refused query would end the transaction that it is in. */
async function canReadRegister(sql: pg.ClientBase): Promise<boolean> {
  const { rows } = await sql.query<{ readable: boolean }>(
    `select exists (
       select from pg_catalog.pg_attribute a
       where a.attrelid = to_regclass($1) and a.attname = 'relation' and a.atttypid = 'regclass'::regtype
         and has_column_privilege(a.attrelid, a.attnum, 'select')
     ) as readable`,
    [REGISTER],
  );
  return rows[0]?.readable === true;
}

async function forgetGone(sql: pg.ClientBase): Promise<void> {
  await sql.query(
    `delete from ${REGISTER} where not exists (select from pg_catalog.pg_class c where c.oid = relation::oid)`,
  );
}
