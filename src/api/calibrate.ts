import type { Calibration, MeasuredLoad } from '../calibration/calibration.js';
import { LOADS, measure, warmupMsOf } from '../calibration/measure.js';
import { writeCalibration } from '../calibration/store.js';
import { UserError } from '../errors.js';
import { stateBase } from '../lab/state.js';

export type { Calibration, Machine, MeasuredLoad, ProtocolCost } from '../calibration/calibration.js';

export interface CalibrateOptions {
  /** Of each of six loads, behind a warm-up of 2 s at most: 1000 to 3,600,000; 3000 when absent. */
  readonly durationMs?: number;
  /** Base directory of all state; $PGHA_BENCH_STATE, or the user's state directory, when absent. */
  readonly stateDir?: string;
  /** Ends it; nothing is kept then. */
  readonly signal?: AbortSignal;
  /** One line about what is measured now, for people. */
  readonly onStep?: (line: string) => void;
}

export interface Calibrated {
  readonly calibration: Calibration;
  /** File that it is kept in. */
  readonly file: string;
}

const USUAL_DURATION_MS = 3000;
const LIMITS_MS = { min: 1000, max: 3_600_000 };

/**
 * Measures what a worker can do on this machine, and keeps it: runs are told how near they came to it.
 * @throws UserError for wrong options, when it told nothing, and when it cannot be kept; the signal's reason when it was
 *   aborted
 */
export async function calibrate(options: CalibrateOptions = {}): Promise<Calibrated> {
  const { durationMs = USUAL_DURATION_MS, stateDir, onStep = () => undefined } = options;
  const { signal = new AbortController().signal } = options;
  if (!(durationMs >= LIMITS_MS.min && durationMs <= LIMITS_MS.max)) {
    throw new UserError(`--duration: expected 1s to 1h, found ${durationMs} ms.`);
  }
  let done = 0;
  const calibration = await measure({
    durationMs,
    signal,
    onStep: (load) => {
      const leftS = Math.ceil(((LOADS - done) * (warmupMsOf(durationMs) + durationMs)) / 1000);
      done++;
      onStep(`${done}/${LOADS} ${load}; some ${leftS} s left`);
    },
  });
  signal.throwIfAborted();
  return { calibration, file: await writeCalibration(stateBase(stateDir), calibration) };
}

/** What one worker can do of such transactions with a core of its own, per second. */
export function workerTps({ costUs }: MeasuredLoad): number {
  return 1e6 / costUs;
}
