import type { Socket } from 'node:net';
import pg from 'pg';
import type { Options } from 'yargs';
import { messageOf, UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { type Endpoint, hostPort } from '../plan/target.js';
import { openClient } from '../postgres/connect.js';
import { findWorkload, parseOptions } from '../workload/registry.js';
import type { OptionValues, Workload } from '../workload/workload.js';
import { type Arguments, otherOptions } from './arguments.js';
import { EXIT } from './exit.js';
import { Interrupt } from './interrupt.js';
import { ProgressBar } from './progress-bar.js';
import { givenTarget, isTargetGiven, labTarget, type ResolvedTarget, TARGET_OPTIONS } from './target.js';

export const INIT_OPTIONS = {
  ...TARGET_OPTIONS,
  force: { type: 'boolean', describe: 'replace tables that this tool did not make' },
} as const satisfies Record<string, Options>;

/** `pgha-bench init WORKLOAD`: makes and loads the tables. @returns the exit code */
export async function init(args: Arguments): Promise<number> {
  const workload = await findWorkload(String(args['workload']));
  const options = parseOptions(workload, workloadOptions(args, workload, INIT_OPTIONS));
  const target = isTargetGiven(args) ? await givenTarget(args) : await labTarget(args);
  if (target === undefined) {
    throw new UserError(
      'init needs a target, and no lab is up.',
      "Start one with 'pgha-bench lab up', or give --rw URI.",
    );
  }
  const left = `The tables may be incomplete: 'pgha-bench init ${workload.name}' makes them anew.\n`;
  const interrupt = new Interrupt(() => left);
  try {
    await prepare(target, workload, options, args['force'] === true, interrupt.signal);
    return EXIT.ok;
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write(left);
      return EXIT.interrupted;
    }
    throw error;
  } finally {
    interrupt.release();
  }
}

/**
 * Makes and loads the tables of a workload, with a progress bar. Only `signal` ends it before it is done: no time is
 * too long for a load, so a server that is silent is waited for.
 * @throws UserError when others made those that are there, when the server refuses, and when it is aborted
 */
export async function prepare(
  { target, secrets }: ResolvedTarget,
  workload: Workload,
  options: OptionValues,
  force: boolean,
  signal?: AbortSignal,
): Promise<void> {
  throwIfInterrupted(signal);
  const sql = await openClient(target.rw, secrets.rwPassword, 'init');
  const disconnect = () => socketOf(sql).destroy();
  let lost: Error | undefined;
  sql.on('error', (error) => {
    lost = error;
  });
  signal?.addEventListener('abort', disconnect);
  try {
    // It may have come while the client connected.
    throwIfInterrupted(signal);
    await makeTables(sql, target.rw, workload, options, force);
  } catch (error) {
    throwIfInterrupted(signal);
    throw problemOf(error, lost, target.rw, workload);
  } finally {
    await sql.end();
    signal?.removeEventListener('abort', disconnect);
  }
}

async function makeTables(
  sql: pg.Client,
  rw: Endpoint,
  workload: Workload,
  options: OptionValues,
  force: boolean,
): Promise<void> {
  const state = await workload.schema.check(sql, options);
  if (state.kind !== 'missing' && state.made === 'elsewhere' && !force) {
    throw new UserError(
      `${hostPort(rw)} has tables of ${workload.name} in database '${rw.database}' that pgha-bench did not make.`,
      `Run with them as they are, or replace them with 'pgha-bench init ${workload.name} --force'.`,
    );
  }
  const bar = new ProgressBar(process.stderr);
  try {
    await workload.schema.prepare(sql, options, (step) => bar.show(step));
  } finally {
    bar.end();
  }
}

function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new UserError('Interrupted.');
  }
}

/** pg's types hide it, and its end() is too polite for a server that does not answer. */
function socketOf(sql: pg.Client): Socket {
  return (sql as unknown as { connection: { stream: Socket } }).connection.stream;
}

/** pg's words for a query on a connection that broke before it. */
const NOT_QUERYABLE = 'Client has encountered a connection error and is not queryable';

/**
 * What the server or the network did, for the user; anything else stays the bug that it is.
 * @param lost what ended the connection, where it did not end as it should
 */
function problemOf(error: unknown, lost: Error | undefined, rw: Endpoint, workload: Workload): unknown {
  const again = `Run 'pgha-bench init ${workload.name}' again when the server is back.`;
  if (lost !== undefined && (error === lost || messageOf(error) === NOT_QUERYABLE)) {
    return new UserError(`init lost its connection to ${hostPort(rw)}: ${messageOf(lost)}.`, again);
  }
  if (!(error instanceof pg.DatabaseError)) {
    return error;
  }
  const code = error.code ?? '';
  if (/^(08|57P0)/.test(code)) {
    return new UserError(`init lost its connection to ${hostPort(rw)}: ${error.message} (${code}).`, again);
  }
  return new UserError(`init could not make the tables: ${error.message} (${code}).`, actionOf(error, rw));
}

function actionOf({ code, detail, hint }: pg.DatabaseError, { user, database }: Endpoint): string {
  switch (code) {
    case '42501':
      return `Grant user '${user}' CREATE on the schema, or name in --rw the owner of the tables that are there.`;
    case '25006':
      return "Name the primary in --rw: this is a standby, or the user's transactions are read-only by default.";
    case '53100':
      return "Free space on the server's disk, or make smaller tables.";
    case '3F000':
      return `Create a schema in database '${database}' that is in the search_path of user '${user}'.`;
    case '57014':
      return `Set statement_timeout to 0 for user '${user}'.`;
    case '55P03':
      return `Stop what uses the tables, or set lock_timeout to 0 for user '${user}'.`;
    default:
      return oneLine(detail ?? hint ?? "See the server's log.");
  }
}

/** A detail has a line for each object that it names. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .replace(/\.?$/, '.');
}

/** What was given to the workload, refused where neither the workload nor the command has such an option. */
export function workloadOptions(
  args: Arguments,
  workload: Workload,
  command: Readonly<Record<string, Options>>,
): Record<string, string> {
  const given = otherOptions(args, command);
  const own = workload.options.map((option) => option.name);
  for (const name of Object.keys(given)) {
    if (!own.includes(name)) {
      const flag = name.length === 1 ? `-${name}` : `--${name}`;
      const known = [...own, ...Object.keys(command)].map((each) => `--${each}`);
      throw new UserError(`${workload.name} has no option ${flag}.${didYouMean(flag, known)}`, 'See --help.');
    }
  }
  return given;
}
