import type pg from 'pg';

/** Does the work in one transaction, which is rolled back when it fails. */
export async function transaction(sql: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await sql.query('begin');
  try {
    await work();
    await sql.query('commit');
  } catch (error) {
    // The connection may be what failed; the error that says so is the one to tell.
    await sql.query('rollback').catch(() => undefined);
    throw error;
  }
}
