import type pg from 'pg';
import { codeOf } from '../errors.js';

/**
 * The identifier that initdb gave to the cluster behind a connection, which all of its members share; a pooler or a proxy
 * hands the question on. Null where it cannot be read: our role may not, or the server is none that has it.
 * @throws what pg throws for anything else
 */
export async function systemIdentifierOf(client: pg.Client): Promise<string | null> {
  try {
    const { rows } = await client.query<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_control_system()',
    );
    return rows[0]?.id ?? null;
  } catch (error) {
    if (UNREADABLE.has(codeOf(error) ?? '')) {
      return null;
    }
    throw error;
  }
}

/** insufficient_privilege, undefined_function. */
const UNREADABLE: ReadonlySet<string> = new Set(['42501', '42883']);
