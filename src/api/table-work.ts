import type { Socket } from 'node:net';
import pg from 'pg';
import { messageOf, UserError } from '../errors.js';
import { type Endpoint, hostPort } from '../plan/target.js';
import { openClient } from '../postgres/connect.js';
import type { Part } from '../workload/compose.js';
import { isOptionOf } from '../workload/options.js';
import type { OptionValues } from '../workload/workload.js';
import type { ResolvedTarget } from './target.js';

/** What is done to the tables of a workload by a command of its own, for messages. */
export interface TableWork {
  readonly command: 'init' | 'cleanup';
  /** What it does, `make the tables`. */
  readonly purpose: string;
  /** The command with what it was given, see {@link tableCommand}. */
  readonly line: string;
}

/**
 * The command that does it, to be typed again: with the workload as it was named and with the options that were given.
 * @param given by the names of the options
 */
export function tableCommand(
  command: TableWork['command'],
  { workload, words }: Pick<Part, 'workload' | 'words'>,
  given: OptionValues,
  ...more: readonly string[]
): string {
  const options = workload.options.flatMap((option) => {
    const { name } = option;
    return isOptionOf(option, 'init') && Object.hasOwn(given, name)
      ? [`--${name} ${quoted(String(given[name]))}`]
      : [];
  });
  return [`pgha-bench ${command}`, words, ...options, ...more].join(' ');
}

/** As a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w.,:/@%+-]+$/.test(text) ? text : `"${text.replace(/(["\\$`])/g, '\\$1')}"`;
}

/**
 * Works on a connection that only `signal` ends before the work is done: no time is too long for it, so a server that
 * is silent is waited for.
 * @throws UserError when the server refuses, when the connection is lost, and when it is aborted
 */
export async function workOnTables(
  { target, secrets }: ResolvedTarget,
  work: TableWork,
  signal: AbortSignal | undefined,
  action: (sql: pg.Client) => Promise<void>,
): Promise<void> {
  throwIfInterrupted(signal);
  const sql = await openClient(target.rw, secrets.rwPassword, work.command);
  const disconnect = () => socketOf(sql).destroy();
  let lost: Error | undefined;
  sql.on('error', (error) => {
    lost = error;
  });
  signal?.addEventListener('abort', disconnect);
  try {
    // It may have come while the client connected.
    throwIfInterrupted(signal);
    await action(sql);
  } catch (error) {
    throwIfInterrupted(signal);
    throw problemOf(error, lost, target.rw, work);
  } finally {
    await sql.end();
    signal?.removeEventListener('abort', disconnect);
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
function problemOf(error: unknown, lost: Error | undefined, rw: Endpoint, work: TableWork): unknown {
  const { command, purpose, line } = work;
  const again = `Run '${line}' again when the server is back.`;
  if (lost !== undefined && (error === lost || messageOf(error) === NOT_QUERYABLE)) {
    return new UserError(`${command} lost its connection to ${hostPort(rw)}: ${messageOf(lost)}.`, again);
  }
  if (!(error instanceof pg.DatabaseError)) {
    return error;
  }
  const code = error.code ?? '';
  if (/^(08|57P0)/.test(code)) {
    return new UserError(
      `${command} lost its connection to ${hostPort(rw)}: ${error.message} (${code}).`,
      again,
    );
  }
  return new UserError(`${command} could not ${purpose}: ${error.message} (${code}).`, actionOf(error, rw));
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
