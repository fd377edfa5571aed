import {
  CONNECT_TIMEOUT,
  DEADLOCK,
  type Failure,
  isContention,
  SERIALIZATION_FAILURE,
  STATEMENT_TIMEOUT,
  TRANSACTION_TIMEOUT,
} from '../postgres/failure.js';
import type { ClientGroup } from './client-group.js';
import type { LogFailure } from './transaction-log.js';

/* What failures mean to a client, and those that it states itself. */

/** A deadline is over. @param connects else a transaction is in flight, which may last until transactionDeadlineUs */
export function overdueFailure(
  group: Pick<ClientGroup, 'connectUs' | 'statementUs' | 'transactionUs'>,
  connects: boolean,
  transactionDeadlineUs: number,
  nowUs: number,
): Failure {
  if (connects) {
    return { code: CONNECT_TIMEOUT, message: `No ready connection within ${group.connectUs / 1000} ms.` };
  }
  if (nowUs >= transactionDeadlineUs) {
    const message = `Transaction not finished within ${group.transactionUs / 1000} ms.`;
    return { code: TRANSACTION_TIMEOUT, message };
  }
  return {
    code: STATEMENT_TIMEOUT,
    message: `No reply to a statement within ${group.statementUs / 1000} ms.`,
  };
}

/**
 * Whether clients did it to each other. For pgbench a key that is there already is an error of the script; sysbench's
 * events expect it.
 * @param restarts as sysbench does: the transaction begins anew, with other values
 */
export function isContended(code: string, restarts: boolean): boolean {
  return restarts ? isContention(code) : code === SERIALIZATION_FAILURE || code === DEADLOCK;
}

/** As pgbench's log names it. */
export function logFailureOf(code: string): LogFailure {
  switch (code) {
    case SERIALIZATION_FAILURE:
      return 'serialization';
    case DEADLOCK:
      return 'deadlock';
    default:
      return 'other';
  }
}
