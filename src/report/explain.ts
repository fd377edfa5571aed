import type { ErrorFacts } from '../result/result.js';

type Failed = Pick<ErrorFacts, 'code' | 'outcome' | 'route' | 'message'>;
type Explanation = string | ((failed: Failed) => string);

/**
 * What a failure means around a failover, in one sentence for the person who reads the report.
 * @param failed its code is a SQLSTATE, an errno name or a word of postgres/failure.ts
 * @param haproxy whether the target is known, or built, to have one
 */
export function explain(failed: Failed, haproxy = true): string {
  const ofClass = isSqlState(failed.code) ? CLASSES[failed.code.slice(0, 2)] : undefined;
  const known = haproxy ? undefined : withoutHaproxy(failed);
  const explanation = known ?? EXPLANATIONS[failed.code] ?? ofClass;
  if (explanation === undefined) {
    return failed.message === '' ? 'Not a failure that is known around a failover.' : failed.message;
  }
  return typeof explanation === 'string' ? explanation : explanation(failed);
}

/** The explanations that blame HAProxy, for a target that is not known to have one. */
function withoutHaproxy({ code, route, outcome }: Failed): string | undefined {
  switch (code) {
    case '25006':
      return route === 'rw'
        ? 'The server, or the one that a proxy before it chose, is a standby.'
        : undefined;
    case 'ECONNREFUSED':
      return 'Nobody listens there: the server, or a proxy before it, is down.';
    case 'ECONNRESET':
      return outcome === 'in_doubt' ? undefined : 'The server, or a proxy before it, reset the connection.';
    case 'closed':
      return outcome === 'in_doubt'
        ? undefined
        : 'The server, or a proxy before it, closed the connection without a message.';
    case 'connect_closed':
      return 'The server, or a proxy before it, took the connection and closed it.';
    case 'connect_timeout':
      return 'The server, or a proxy before it, gave no session in time.';
    default:
      return undefined;
  }
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]/.test(code);
}

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  // Shutting down and coming up.
  '57P01': ({ route, outcome }) => {
    if (outcome === 'in_doubt') {
      return 'The server was shut down while the commit was under way.';
    }
    return route === 'rw'
      ? 'The primary was shut down, as a demotion does, and ended the session.'
      : 'The standby was shut down or restarted, and ended the session.';
  },
  '57P02': 'A server process crashed, and PostgreSQL ended all sessions to recover.',
  '57P03': ({ message }) => notAccepting(message),
  '57P04': 'The standby ended the session: its database was dropped on the primary.',
  '57P05': 'The server ended the session for being idle too long.',
  '57014': ({ route }) =>
    route === 'ro'
      ? 'The statement was cancelled: by statement_timeout, an administrator, or WAL replay on the standby.'
      : 'The statement was cancelled, by statement_timeout or an administrator.',

  // The wrong server.
  '25006': ({ route }) =>
    route === 'rw'
      ? 'HAProxy still sends you to the demoted primary, or to a standby.'
      : 'The script writes, but this port leads to standbys.',
  '55000': 'The server is in recovery, where this cannot be done: a standby, or a primary not promoted yet.',

  // Conflicts that look alike and are not.
  '40001': ({ route }) =>
    route === 'ro'
      ? 'The query stood in the way of WAL replay on the standby (recovery conflict).'
      : 'Two transactions could not be serialized; this is contention, no failover.',
  '40P01': ({ route }) =>
    route === 'ro'
      ? 'The query and WAL replay on the standby waited for each other (recovery conflict).'
      : 'Two transactions waited for each other; this is contention, no failover.',
  '55P03': 'A lock was not free in time; this is contention, no failover.',
  '23505':
    'A row with this key is there already: written by another client, or by an attempt that was in doubt.',

  // Room and rights.
  '53300': 'All connections of the server were taken when the clients came back.',
  '53100': 'The disk of the server is full.',
  '53200': 'The server is out of memory.',
  '28P01': 'The password was refused: the servers do not know the same one.',
  '28000': 'pg_hba.conf of this server refuses the connection: it differs from the others.',
  '3D000': 'The database does not exist on this server.',
  '42P01': 'The table does not exist on this server: not loaded, or not replicated yet.',
  '25P02': 'An earlier statement of the transaction had failed already.',
  '26000': 'The statement is not prepared here: a pooler changed the session; try --protocol simple.',
  '42P05': 'The statement is prepared already: a pooler shares the session; try --protocol simple.',
  '08P01': 'Protocol violation; poolers report many of their own errors this way.',
  XX001: 'The server found corrupted data.',
  XX002: 'The server found a corrupted index.',

  // What the socket said.
  ECONNREFUSED: 'Nobody listens there: HAProxy, or the server, is down.',
  ECONNRESET: ({ outcome }) =>
    outcome === 'in_doubt'
      ? 'The connection was reset while the commit was under way.'
      : 'The connection was reset: the server crashed, or HAProxy cut it.',
  EPIPE: 'The connection had been closed when the next message was sent.',
  ETIMEDOUT: 'No packet came back: the host is frozen, gone, or cut off.',
  EHOSTUNREACH: 'No route to the host: it is gone or cut off.',
  ENETUNREACH: 'No route to the network of the host.',
  EADDRNOTAVAIL: 'This machine ran out of local ports for connections.',
  EMFILE: 'This machine ran out of file descriptors: raise ulimit -n.',
  ENOTFOUND: 'The host name is not known.',
  EAI_AGAIN: 'The host name could not be resolved just then.',

  // Words of our own.
  closed: ({ outcome }) =>
    outcome === 'in_doubt'
      ? 'The connection was closed, without a message, while the commit was under way.'
      : 'The connection was closed without a message: HAProxy cut it, or the server crashed.',
  connect_closed: 'HAProxy took the connection, but had no healthy server for it.',
  wrong_role: ({ route }) =>
    route === 'rw'
      ? 'None of the addresses had a server that takes writes just then.'
      : 'None of the addresses had a server of the wanted role just then.',
  channel_binding: 'The server offered no channel binding, which the address requires.',
  connect_timeout: 'Connected to HAProxy or the server, but no session came of it in time.',
  statement_timeout: ({ outcome }) =>
    outcome === 'in_doubt'
      ? 'The commit was sent and not answered in time: the server hangs or is cut off.'
      : 'A statement was not answered in time: the server hangs, or waits for a lock.',
  transaction_timeout: 'The transaction as a whole took longer than its deadline.',
  protocol: 'The reply could not be understood; what answered may not be PostgreSQL.',
  rolled_back: 'COMMIT was answered with ROLLBACK: the transaction had failed before.',
  open_transaction: 'The script ended inside a transaction, which was rolled back.',
  run_ended: 'The run ended before the reply came.',
  script: ({ message }) => `The script itself could not go on${message === '' ? '.' : `: ${message}`}`,
};

/** For a SQLSTATE that is not named above, by its class. */
const CLASSES: Readonly<Record<string, Explanation>> = {
  '08': 'The connection failed, as the server or a proxy between reports it.',
  '22': ({ message }) => `The data did not fit: ${message}`,
  '23': ({ message }) => `A constraint was violated: ${message}`,
  '28': 'This server refused the login.',
  '42': ({ message }) => `The statement is wrong for this server: ${message}`,
  '53': 'The server is short of a resource.',
  '57': 'An administrator or the system intervened.',
  '58': 'The server met an error of its operating system.',
  XX: 'An internal error of PostgreSQL; its log says more.',
};

function notAccepting(message: string): string {
  if (message.includes('shutting down')) {
    return 'The server is shutting down and takes no new sessions.';
  }
  if (message.includes('starting up')) {
    return 'The server is starting up and takes no sessions yet.';
  }
  if (message.includes('recovery mode')) {
    return 'The server recovers from a crash and takes no sessions yet.';
  }
  if (message.includes('not yet accepting') || message.includes('not accepting')) {
    return 'The server runs, but its recovery has not reached a consistent state.';
  }
  return 'The server is starting up or shutting down and takes no sessions.';
}
