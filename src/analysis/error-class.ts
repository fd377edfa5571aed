import {
  CLOSED,
  CONNECT_CLOSED,
  CONNECT_TIMEOUT,
  isContention,
  READ_ONLY,
  STATEMENT_TIMEOUT,
  TRANSACTION_TIMEOUT,
  WRONG_ROLE,
} from '../postgres/failure.js';
import type { Timeline } from '../result/result.js';
import type { Bucket } from './recording.js';

/** What failures are grouped by over time, in the order in which a failover brings them. */
export const ERROR_CLASSES = [
  'shutdown',
  'closed',
  'refused',
  'timeout',
  'read_only',
  'contention',
  'other',
] as const;

export type ErrorClass = (typeof ERROR_CLASSES)[number];

const TRANSPORT: Readonly<Record<string, ErrorClass>> = {
  [CLOSED]: 'closed',
  [CONNECT_CLOSED]: 'closed',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EHOSTDOWN: 'refused',
  [CONNECT_TIMEOUT]: 'timeout',
  [STATEMENT_TIMEOUT]: 'timeout',
  [TRANSACTION_TIMEOUT]: 'timeout',
  ETIMEDOUT: 'timeout',
  [READ_ONLY]: 'read_only',
  [WRONG_ROLE]: 'read_only',
};

/**
 * `shutdown`: the server ends, crashes or starts (57P01 to 57P05). `closed`: an end of the connection without a word.
 * `refused`: nobody listens. `timeout`: no answer. `read_only`: a standby was asked to write, or
 * none of several addresses led to a server of the wanted role. `contention`: clients were
 * in each other's way.
 */
export function errorClassOf(code: string): ErrorClass {
  if (/^57P0/.test(code)) {
    return 'shutdown';
  }
  return TRANSPORT[code] ?? (isContention(code) ? 'contention' : 'other');
}

/** Failures of each bucket by class; a class that never came is absent. */
export function errorColumns(buckets: readonly Bucket[]): Timeline['errors'] {
  const counts = new Map<ErrorClass, number[]>();
  for (const [index, bucket] of buckets.entries()) {
    for (const { code, count } of bucket.errors) {
      const name = errorClassOf(code);
      const column = counts.get(name) ?? new Array<number>(buckets.length).fill(0);
      counts.set(name, column);
      column[index] = (column[index] as number) + count;
    }
  }
  const present = ERROR_CLASSES.filter((name) => counts.has(name));
  return Object.fromEntries(present.map((name) => [name, counts.get(name) ?? []]));
}
