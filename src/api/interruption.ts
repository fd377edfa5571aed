import { UserError } from '../errors.js';
import { UnwrittenResult } from './outcome.js';

/**
 * Whether an error is what an interrupted work ends with: the signal's own reason, what Node makes of a signal, or that
 * a connection was dropped. A result that could not be written is none, and neither is a bug: they must be told.
 * @param signal of the interruption
 */
export function isInterruption(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true || error instanceof UnwrittenResult) {
    return false;
  }
  return causesOf(error).some(
    (each) =>
      each === signal.reason ||
      each instanceof UserError ||
      (each instanceof Error && each.name === 'AbortError'),
  );
}

function causesOf(error: unknown): readonly unknown[] {
  return error instanceof Error && error.cause !== undefined ? [error, ...causesOf(error.cause)] : [error];
}
