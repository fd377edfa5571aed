import { NONE } from './instants.js';

/**
 * Instants and times of the clients of a worker, µs: a row for each client in one array. As fields of its objects each would be an
 * object of its own somewhere on the heap, which thousands of clients would have to fetch from memory at each transaction.
 */
export type ClientTimes = Float64Array;

export function clientTimes(clients: number): ClientTimes {
  return new Float64Array(clients * COLUMNS).fill(NONE);
}

/** Where the row of a client begins. @param slot of the client among those of the worker */
export function rowOf(slot: number): number {
  return slot * COLUMNS;
}

/** Seven are used; with eight a row has the size of a line of the caches. */
const COLUMNS = 8;

/** What the columns hold, from the begin of a row. */
export const INTENDED = 0;
export const START = 1;
export const LAG = 2;
export const DEADLINE = 3;
export const LAST_ACK = 4;
export const GAP_BEGIN = 5;
export const GAP_END = 6;
