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

/** read_only_sql_transaction: the read-write endpoint led to a standby. */
export const READ_ONLY = '25006';
/** Errors after which the same transaction may be tried again at once: they say nothing about the cluster. */
export function isContention(code: string): boolean {
  return code === '40001' || code === '40P01' || code === '23505';
}
