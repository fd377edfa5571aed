import type { RunProgress } from '../analysis/progress.js';
import type { RunClock } from '../clock.js';
import { pause } from '../observe/poll.js';
import type { Plan } from '../plan/plan.js';
import type { EventLog } from './event-log.js';
import type { Timeline } from './timeline.js';

/** Where it is read from, and who is told. */
export interface ProgressSources {
  readonly plan: Plan;
  readonly clock: Pick<RunClock, 'nowMs'>;
  readonly timeline: Pick<Timeline, 'since'>;
  readonly log: Pick<EventLog, 'since' | 'leaderNow'>;
  /** Of plan.rounds; 0 before the first. */
  readonly round: () => number;
  readonly faultsMs: () => readonly number[];
  /** Whole seconds. */
  readonly progressMs: number;
  readonly onProgress: (progress: RunProgress) => void;
}

/**
 * Tells how the run stands each progressMs of its clock, and once more at its end when most of a span has gone by.
 * @param ended aborted when the load ends: then it resolves
 * @throws what onProgress throws
 */
export async function tellProgress(sources: ProgressSources, ended: AbortSignal): Promise<void> {
  const { plan, clock, timeline, log, progressMs, onProgress } = sources;
  let told = 0;
  let toldMs = 0;
  for (let span = 1; !ended.aborted; span++) {
    await pause(span * progressMs - clock.nowMs(), ended);
    if (ended.aborted && clock.nowMs() < (span - 0.5) * progressMs) {
      return; // It ended within a span.
    }
    // After a stall of this thread several spans have gone by: they are told at once.
    const latest = timeline.since(toldMs);
    const newest = latest.at(-1);
    if (newest === undefined) {
      continue;
    }
    toldMs = newest.startMs + newest.widthMs;
    const events = log.since(told);
    told += events.length;
    const round = sources.round();
    onProgress({
      plan,
      events,
      faultsMs: [...sources.faultsMs()],
      elapsedMs: clock.nowMs(),
      durationMs: plan.durationMs,
      latest,
      leader: log.leaderNow,
      round: plan.rounds === null || round === 0 ? null : { now: round, of: plan.rounds },
    });
  }
}
