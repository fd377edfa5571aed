import type { Result } from '../result/result.js';
import { errorsOf, serversOf } from './errors.js';
import type { Recording } from './recording.js';
import { roundsOf } from './rounds.js';
import { instantsOfInterest, timelineOf } from './timeline.js';
import { totalsOf } from './totals.js';
import { wholePhasesOf } from './whole-phases.js';

/** The parts of a result that are figures of the recording. */
export interface AnalysedRecording
  extends Pick<Result, 'totals' | 'timeline' | 'errors' | 'servers' | 'directWrites' | 'analysis'> {
  /** Which figures are missing and why; to be joined with other notes of the run. */
  readonly notes: readonly string[];
}

/** Everything that a recording tells. A pure function: the same recording gives the same figures, this year and next. */
export function analyse(recording: Recording): AnalysedRecording {
  const { rounds, summaries, notes } = roundsOf(recording);
  return {
    totals: totalsOf(recording),
    timeline: timelineOf(recording, instantsOfInterest(recording.faults, recording.events, rounds)),
    errors: errorsOf(recording),
    servers: serversOf(recording),
    directWrites: serversOf(recording, 'direct'),
    analysis: { rounds, summaries, phases: wholePhasesOf(recording, rounds) },
    notes,
  };
}
