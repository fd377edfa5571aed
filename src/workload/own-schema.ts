import pg from 'pg';
import { messageOf, UserError } from '../errors.js';
import { object, oneOf, wrong } from './definition.js';
import type { Schema, SchemaState } from './workload.js';

/** One for each, however often its file is named: the tables of a schema are looked at and made once. */
const wrapped = new WeakMap<Schema, Schema>();

/**
 * A schema of a user's file, where what fails in it is the file's fault and is told so.
 * @param file as the user named it
 */
export function ownSchema(schema: Schema, file: string): Schema {
  const known = wrapped.get(schema);
  if (known !== undefined) {
    return known;
  }
  const { beforeRun } = schema;
  const own: Schema = {
    check: async (sql, options) => {
      const state: unknown = await told('check', sql, () => schema.check(sql, options));
      return checkState(state, `${file}: schema.check`);
    },
    prepare: (sql, options, progress) => told('prepare', sql, () => schema.prepare(sql, options, progress)),
    cleanup: (sql, options) => told('cleanup', sql, () => schema.cleanup(sql, options)),
    ...(beforeRun === undefined
      ? {}
      : { beforeRun: (sql, options) => told('beforeRun', sql, () => beforeRun.call(schema, sql, options)) }),
  };
  async function told<Value>(
    name: keyof Schema,
    sql: pg.ClientBase,
    work: () => Promise<Value>,
  ): Promise<Value> {
    let lost = false;
    const onLost = () => {
      lost = true;
    };
    sql.on('error', onLost);
    try {
      return await work();
    } catch (error) {
      // What the server and the network do has words of its own.
      if (lost || error instanceof UserError || error instanceof pg.DatabaseError || isTimeout(error)) {
        throw error;
      }
      const problem = new UserError(`${file}: schema.${name} failed: ${inOneLine(messageOf(error))}.`);
      problem.cause = error;
      throw problem;
    } finally {
      sql.off('error', onLost);
    }
  }
  wrapped.set(schema, own);
  return own;
}

/** pg has no class for it. */
function isTimeout(error: unknown): boolean {
  return /^Query read timeout|^Connection terminated|^Client has encountered/.test(messageOf(error));
}

function inOneLine(message: string): string {
  return message
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .replace(/\.$/, '');
}

/** What a check found, which no compiler has seen. @throws UserError */
function checkState(value: unknown, where: string): SchemaState {
  const state = object(value, `${where}: what it found`);
  const { kind, made, options, problem } = state;
  oneOf('ready', 'missing', 'unfit')(kind, `${where}: kind`);
  if (kind !== 'missing') {
    oneOf('here', 'elsewhere')(made, `${where}: made`);
  }
  if (kind === 'unfit' && typeof problem !== 'string') {
    wrong(`${where}: problem`, 'a text', problem);
  }
  if (kind === 'ready') {
    for (const [name, option] of Object.entries(object(options, `${where}: options`))) {
      if (!['number', 'string', 'boolean'].includes(typeof option)) {
        wrong(`${where}: options.${name}`, 'a number, a text, true or false', option);
      }
    }
  }
  return value as SchemaState;
}
