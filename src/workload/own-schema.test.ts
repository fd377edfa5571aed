import { EventEmitter } from 'node:events';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { ownSchema } from './own-schema.js';
import type { Schema } from './workload.js';

const GOOD: Schema = {
  check: async () => ({ kind: 'missing' }),
  prepare: async () => undefined,
  cleanup: async () => undefined,
};

/** The schema asks it for nothing: only what ends a connection is heard of it. */
function client(): pg.ClientBase {
  return new EventEmitter() as unknown as pg.ClientBase;
}

function fails(error: unknown): () => Promise<never> {
  return async () => {
    throw error;
  };
}

async function thrownBy(work: Promise<unknown> | undefined): Promise<unknown> {
  return work?.catch((error: unknown) => error);
}

describe('ownSchema', () => {
  it('names the file and the function that failed, and keeps the reason', async () => {
    const bug = new TypeError('rows is\nundefined');
    const failing = fails(bug);
    const schema = ownSchema(
      { check: failing, prepare: failing, cleanup: failing, beforeRun: failing },
      './mine.js',
    );
    const sql = client();
    for (const [name, work] of [
      ['check', schema.check(sql, {})],
      ['prepare', schema.prepare(sql, {}, () => undefined)],
      ['cleanup', schema.cleanup(sql, {})],
      ['beforeRun', schema.beforeRun?.(sql, {})],
    ] as const) {
      const thrown = await thrownBy(work);
      expect(thrown).toBeInstanceOf(UserError);
      expect(thrown).toMatchObject({
        message: `./mine.js: schema.${name} failed: rows is; undefined.`,
        cause: bug,
      });
    }
  });

  it('leaves what the server, the network and the file itself say', async () => {
    for (const error of [
      new UserError('Too few rows.'),
      new pg.DatabaseError('no', 2, 'error'),
      new Error('Connection terminated unexpectedly'),
    ]) {
      expect(await thrownBy(ownSchema({ ...GOOD, check: fails(error) }, 'm.js').check(client(), {}))).toBe(
        error,
      );
    }
    const reset = new Error('read ECONNRESET');
    const check = async (sql: pg.ClientBase) => {
      sql.emit('error', reset);
      throw reset;
    };
    expect(await thrownBy(ownSchema({ ...GOOD, check }, 'm.js').check(client(), {}))).toBe(reset);
  });

  it.each<[unknown, string]>([
    [undefined, 'm.js: schema.check: what it found: expected an object, found nothing.'],
    [{ kind: 'fine' }, "m.js: schema.check: kind: expected ready, missing or unfit, found 'fine'."],
    [{ kind: 'ready', options: {} }, 'm.js: schema.check: made: expected here or elsewhere, found nothing.'],
    [{ kind: 'ready', made: 'here' }, 'm.js: schema.check: options: expected an object, found nothing.'],
    [
      { kind: 'ready', made: 'here', options: { rows: null } },
      'm.js: schema.check: options.rows: expected a number, a text, true or false, found null.',
    ],
    [{ kind: 'unfit', made: 'here' }, 'm.js: schema.check: problem: expected a text, found nothing.'],
  ])('refuses %j as what a check found', async (state, message) => {
    const check = (async () => state) as unknown as Schema['check'];
    const thrown = await thrownBy(ownSchema({ ...GOOD, check }, 'm.js').check(client(), {}));
    expect(thrown).toBeInstanceOf(UserError);
    expect(String(thrown)).toContain(message);
  });

  it('is one for each schema, so that the tables are looked at once', () => {
    expect(ownSchema(GOOD, 'a.js')).toBe(ownSchema(GOOD, 'a.js'));
  });

  it('calls its functions as those of the schema', async () => {
    const schema = {
      ...GOOD,
      made: 'here' as const,
      async check() {
        return { kind: 'ready' as const, made: this.made, options: { rows: 5 } };
      },
    };
    expect(await ownSchema(schema, 'm.js').check(client(), {})).toEqual({
      kind: 'ready',
      made: 'here',
      options: { rows: 5 },
    });
  });
});
