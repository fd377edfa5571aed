/**
 * How one attempt of a transaction ended; every attempt ends in exactly one.
 *
 * - `ack`: the commit was acknowledged
 * - `ack_unreplicated`: acknowledged, but the server warned that the wait for the synchronous standby was
 *   cancelled: it is committed on one node only
 * - `aborted`: certainly not committed: an ERROR in reply, or the connection was lost before the commit was sent
 * - `in_doubt`: the request to commit was sent and no answer came
 * - `not_sent`: there was no connection to send it on
 * - `skipped`: never started, because its start was already too late (rate with a latency limit)
 */
export const OUTCOMES = ['ack', 'ack_unreplicated', 'aborted', 'in_doubt', 'not_sent', 'skipped'] as const;

export type Outcome = (typeof OUTCOMES)[number];

export const ACK = 0;
export const ACK_UNREPLICATED = 1;
export const ABORTED = 2;
export const IN_DOUBT = 3;
export const NOT_SENT = 4;
export const SKIPPED = 5;
