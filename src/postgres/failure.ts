/**
 * What was wrong with an attempt, in one word that reports can count: the SQLSTATE that the server sent, the errno
 * name that the socket gave, or one of the transport words below.
 */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** The connection was closed without an error message. */
export const CLOSED = 'closed';
/** The same before the connection was ready: what a proxy without a healthy server does. */
export const CONNECT_CLOSED = 'connect_closed';
/** The server is a standby, or none, as target_session_attrs does not want it; with several addresses the last one was. */
export const WRONG_ROLE = 'wrong_role';
/** channel_binding=require, and the server did not offer it. */
export const CHANNEL_BINDING = 'channel_binding';
/** Deadlines of our own. */
export const CONNECT_TIMEOUT = 'connect_timeout';
export const STATEMENT_TIMEOUT = 'statement_timeout';
export const TRANSACTION_TIMEOUT = 'transaction_timeout';
/** The server sent something that is no reply to what was asked. */
export const PROTOCOL = 'protocol';
/** COMMIT was answered with ROLLBACK: the transaction had failed before. */
export const ROLLED_BACK = 'rolled_back';
/** The script ended inside a transaction block; it was rolled back. */
export const OPEN_TRANSACTION = 'open_transaction';

/** The script itself could not go on: a meta command failed, or a function threw. */
export const SCRIPT = 'script';

/** read_only_sql_transaction: the read-write endpoint led to a standby. */
export const READ_ONLY = '25006';

/** Serialization failure and deadlock: pgbench tries the same transaction again. */
export const SERIALIZATION_FAILURE = '40001';
export const DEADLOCK = '40P01';
/** A key that another client has just inserted: sysbench begins its event anew then, too. */
export const UNIQUE_VIOLATION = '23505';

/** Errors that clients do to each other: they say nothing about the cluster. */
export function isContention(code: string): boolean {
  return code === SERIALIZATION_FAILURE || code === DEADLOCK || code === UNIQUE_VIOLATION;
}

/**
 * Whether it would fail on any server that is well: a meta command, or an SQLSTATE of a class that speaks of the statement
 * (syntax and names 42, data 22, constraints 23, features 0A, routines 2F, 38, 39, P0).
 */
export function blamesScript(code: string): boolean {
  return code === SCRIPT || code === OPEN_TRANSACTION || /^(0A|22|23|2F|38|39|42|P0)...$/.test(code);
}
