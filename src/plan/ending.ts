import { UserError } from '../errors.js';
import { parseDuration, parseInteger } from '../units.js';
import type { OptionText } from './pace.js';
import type { Pace, TransactionLimit } from './plan.js';

/** Timers take no more than 2^31 ms, 24 days. */
export const LONGEST_MS = 480 * 3_600_000;

const DEFAULT_MS = 60_000;

/** What ends the load: whichever of both comes first. */
export interface Ending {
  readonly durationMs: number | null;
  readonly transactions: TransactionLimit | null;
}

/**
 * @param byRounds the rounds of a fault end the load, unless something else does before
 * @throws UserError on options that exclude each other, and on a load without an end
 */
export function readEnding(text: OptionText, pace: Pace, byRounds = false): Ending {
  const transactions = transactionLimit(text);
  const durationMs = durationOf(text, pace);
  if (durationMs === 'endless') {
    if (transactions === null && !byRounds) {
      throw new UserError(
        '--time: 0 is no limit, so that --events or --transactions must end the load.',
        'Add one of them, or a time.',
      );
    }
    return { durationMs: null, transactions };
  }
  const otherwise = transactions === null && !byRounds ? DEFAULT_MS : null;
  return { durationMs: durationMs ?? otherwise, transactions };
}

function transactionLimit(text: OptionText): TransactionLimit | null {
  const perClient = text('transactions');
  const events = text('events');
  if (perClient !== undefined && events !== undefined) {
    throw new UserError(
      '--transactions counts for each client, and --events for all together.',
      'Leave one of them out.',
    );
  }
  if (perClient !== undefined) {
    return { count: parseInteger(perClient, '--transactions', { min: 1 }), per: 'client' };
  }
  const count = events === undefined ? 0 : parseInteger(events, '--events', { min: 0 });
  return count === 0 ? null : { count, per: 'run' };
}

function durationOf(text: OptionText, pace: Pace): number | 'endless' | undefined {
  const given = (['duration', 'time', 'stages'] as const).filter((name) => text(name) !== undefined);
  const [first, second] = given;
  if (second !== undefined) {
    throw new UserError(
      `--${first} and --${second} both say how long the load is.`,
      'Leave one of them out.',
    );
  }
  const duration = text('duration');
  if (duration !== undefined) {
    return checked(parseDuration(duration, '--duration'), '--duration', duration);
  }
  const time = text('time');
  if (time !== undefined) {
    const ms = parseSeconds(time, '--time');
    return ms === 0 ? 'endless' : checked(ms, '--time', time);
  }
  if (pace.kind === 'open' && text('stages') !== undefined) {
    const total = pace.stages.reduce((sum, stage) => sum + (stage.durationMs ?? 0), 0);
    return checked(total, '--stages', text('stages') ?? '');
  }
  return undefined;
}

function checked(durationMs: number, flag: string, found: string): number {
  if (durationMs < 1000 || durationMs > LONGEST_MS) {
    throw new UserError(`${flag}: expected 1s to 480h, found '${found}'.`);
  }
  return durationMs;
}

/** Milliseconds of what pgbench and sysbench take as seconds: `60`; a duration with its unit is as good. @throws UserError */
export function parseSeconds(text: string, what: string): number {
  if (/^\d+$/.test(text)) {
    return parseDuration(`${text}s`, what);
  }
  if (!/^([\d.]+(ms|h|m|s))+$/.test(text)) {
    throw new UserError(
      `${what}: expected seconds, such as 60, or a duration such as 1m30s, found '${text}'.`,
    );
  }
  return parseDuration(text, what);
}
