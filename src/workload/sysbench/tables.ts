import type pg from 'pg';
import { isMadeHere } from '../ownership.js';
import type { SchemaState } from '../workload.js';

/** What sysbench's tables have in common: how they are called, and how they are found. */

export function tableName(number: number): string {
  return `sbtest${number}`;
}

export function tableNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => tableName(index + 1));
}

export interface Expected {
  readonly tables: number;
  readonly columns: readonly string[];
  /** Whether a column more is one too many: for INSERT without a list of columns. */
  readonly exactly: boolean;
  /** What is wrong with the greatest id of a table, null when it is empty; undefined if nothing is. */
  readonly idProblem: ((table: string, lastId: number | null) => string | undefined) | null;
}

/** The state of the tables sbtest1 … as a {@link Schema} tells it. */
export async function checkTables(sql: pg.ClientBase, expected: Expected): Promise<SchemaState> {
  const names = tableNames(expected.tables);
  const found = await findTables(sql, names);
  if (found.length === 0) {
    return { kind: 'missing' };
  }
  const made = (await isMadeHere(sql, names)) ? 'here' : 'elsewhere';
  const problem = shapeProblem(names, found, expected) ?? (await rowsProblem(sql, names, expected));
  return problem === undefined ? { kind: 'ready', made, options: {} } : { kind: 'unfit', made, problem };
}

interface FoundTable {
  readonly name: string;
  readonly kind: string;
  readonly columns: readonly string[];
  /** The primary key is the id, which every statement but two looks a row up by. */
  readonly keyed: boolean;
}

async function findTables(sql: pg.ClientBase, names: readonly string[]): Promise<readonly FoundTable[]> {
  const { rows } = await sql.query<FoundTable>(
    `select name, c.relkind as kind, array(
       select a.attname::text from pg_catalog.pg_attribute a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum
     ) as columns, exists (
       select from pg_catalog.pg_index i join pg_catalog.pg_attribute a
         on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
       where i.indrelid = c.oid and i.indisprimary and i.indisvalid and a.attname = 'id'
     ) as keyed
     from unnest($1::text[]) as name join pg_catalog.pg_class c on c.oid = to_regclass(name)`,
    [names],
  );
  return rows;
}

function shapeProblem(
  names: readonly string[],
  found: readonly FoundTable[],
  { columns, exactly }: Expected,
): string | undefined {
  const byName = new Map(found.map((table) => [table.name, table]));
  for (const name of names) {
    const table = byName.get(name);
    if (table === undefined) {
      return `there is no table ${name}, but ${found.length} of the ${names.length} that are needed.`;
    }
    if (table.kind !== 'r' && table.kind !== 'p') {
      return `${name} is not a table.`;
    }
    const missing = columns.filter((column) => !table.columns.includes(column));
    if (missing.length > 0) {
      return `${name} has no column ${missing.join(', ')}.`;
    }
    if (exactly && table.columns.join() !== columns.join()) {
      return `${name} has the columns ${table.columns.join(', ')}; there should be ${columns.join(', ')} only.`;
    }
    if (!table.keyed) {
      return `${name} has no primary key (id).`;
    }
  }
  return undefined;
}

/** Tables that are asked about in one query: each costs the server a lock, and a query of its own a round trip. */
const AT_ONCE = 50;

async function rowsProblem(
  sql: pg.ClientBase,
  names: readonly string[],
  { idProblem }: Expected,
): Promise<string | undefined> {
  if (idProblem === null) {
    return undefined;
  }
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const some = names.slice(from, from + AT_ONCE);
    // The primary key tells the greatest id without a scan.
    const queries = some.map((name) => `select '${name}' as name, max(id)::text as last from ${name}`);
    const { rows } = await sql.query<{ name: string; last: string | null }>(queries.join(' union all '));
    for (const { name, last } of rows) {
      const problem = idProblem(name, last === null ? null : Number(last));
      if (problem !== undefined) {
        return problem;
      }
    }
  }
  return undefined;
}
