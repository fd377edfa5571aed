import { tokenPrefix } from '../workload/ledger-token.js';
import type { AuditConnection } from './connection.js';
import type { Expected } from './expected.js';
import { Found } from './found.js';
import { TOKEN_COLUMNS, type TokenSource } from './sources.js';

/** Rows of one round trip. */
const BATCH = 5000;

/**
 * Reads all tokens of the run that a server holds; the caller has begun a transaction that sees one snapshot.
 * A table that is not there holds none, which `missing` says.
 */
export async function readTokens(
  connection: AuditConnection,
  expected: Expected,
  sources: readonly TokenSource[],
): Promise<{ readonly found: Found; readonly missing: readonly string[] }> {
  const found = new Found(expected);
  const missing: string[] = [];
  for (const source of sources) {
    const { table, column } = TOKEN_COLUMNS[source];
    const [row] = await connection.rows<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      table,
    ]);
    if (row?.there !== true) {
      missing.push(`There is no table ${table} any more, so that none of its tokens was found.`);
      continue;
    }
    // The rows are a heap without order, of this run alone where the workload empties it: one scan.
    const query = `SELECT ${column}::text FROM ${table} WHERE ${column} LIKE $1`;
    for await (const texts of connection.texts(query, [`${tokenPrefix(expected.runId)}%`], BATCH)) {
      for (const text of texts) {
        found.add(text);
      }
    }
  }
  return { found, missing };
}

/** A snapshot that stays the same for all tables; standbys give it, too. */
export const BEGIN_SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
