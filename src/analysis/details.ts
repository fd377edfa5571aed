import { patchOf } from '../cluster/config-patch.js';
import { patchedSettings } from '../cluster/facts.js';
import type { Target } from '../plan/target.js';
import type { Downtime } from '../result/downtime.js';
import type { FaultRecord, Phases } from '../result/result.js';
import type { Prediction, RoundDetails } from '../result/round.js';
import { type AskedRound, invalidOf } from './asked.js';
import { dominatedBy } from './dominated.js';
import { leaderAt } from './leaders.js';
import { leadingOf, predictedWhateverLeads } from './leading.js';
import type { Window } from './outage.js';
import {
  hasFormula,
  type PredictionContext,
  predictedAs,
  predictedDowntime,
  predictedStages,
} from './predict.js';
import type { Recording } from './recording.js';
import { recoveryOf } from './recovery.js';
import { splitBrainOf } from './split-brain.js';
import { stagesOf } from './stages.js';
import { stalenessOf } from './staleness.js';
import type { Stream } from './streams.js';
import type { Settings } from './timings.js';
import { unpredictedOf } from './unpredicted.js';

/** What is measured of a round already. */
export interface MeasuredRound {
  readonly recording: Recording;
  readonly asked: AskedRound;
  readonly window: Window;
  readonly phases: Phases;
  /** The steady part before it. */
  readonly before: Window | null;
  readonly writing: Stream | null;
  readonly writes: Downtime | null;
  readonly newConnections: RoundDetails['newConnections'];
}

export function detailsOf(round: MeasuredRound): RoundDetails {
  const { recording, asked, window, phases, before, writing, writes, newConnections } = round;
  const { events, cluster, buckets, plan } = recording;
  const settings = settingsIn(recording, asked);
  const fault = recording.faults[asked.fault] as FaultRecord;
  const context = predictionContext(recording, asked, window);
  const stages = stagesOf(fault, events, {
    window,
    cluster,
    buckets,
    phases,
    writes,
    writing,
    newConnections: newConnections.rw,
    loadConnectsToWrite: plan.workload.scripts.every(({ weight, route }) => weight === 0 || route === 'rw'),
    predicted: predictedStages(fault.kind, settings, context),
  });
  return {
    invalid: invalidOf(recording, asked, before),
    newConnections,
    stages,
    ...predictionOf(recording, fault, settings, context, writes),
    dominated: dominatedBy(predictedAs(fault.kind, context), stages, writes, settings),
    recovery: recoveryOf({ recording, window, before, writing, writes, newConnections: newConnections.rw }),
    splitBrain: splitBrainOf(recording, window),
    staleness: stalenessOf(recording, phases, 'ro'),
    stalenessOnRw: stalenessOf(recording, phases, 'rw'),
    generatorStallMs: writes?.outage ? writes.stallMs : null,
  };
}

function predictionOf(
  recording: Recording,
  { kind }: FaultRecord,
  settings: Settings,
  context: PredictionContext,
  writes: Downtime | null,
): Pick<RoundDetails, 'prediction' | 'unpredicted'> {
  const leading = leadingOf(recording);
  const known = hasFormula(kind);
  switch (leading.by) {
    case 'nothing':
      return { prediction: null, unpredicted: known ? leading.why : null };
    case 'unknown': {
      const prediction = predictedWhateverLeads(kind, settings, context);
      return {
        prediction: judged(prediction, writes),
        unpredicted: known && prediction === null ? leading.why : null,
      };
    }
    default:
      return {
        prediction: judged(predictedDowntime(kind, settings, context), writes),
        unpredicted: unpredictedOf(kind, settings, context),
      };
  }
}

/** Of a round that was not done. */
export function noDetails(recording: Recording, asked: AskedRound): RoundDetails {
  return {
    invalid: invalidOf(recording, asked, null) ?? 'it was not done',
    newConnections: { rw: null, ro: null },
    stages: [],
    prediction: null,
    unpredicted: null,
    dominated: null,
    recovery: {
      firstErrorMs: null,
      lastErrorMs: null,
      newConnectionMs: null,
      existingConnectionMs: null,
      to50Ms: null,
      to90Ms: null,
      to99Ms: null,
    },
    splitBrain: null,
    staleness: null,
    stalenessOnRw: null,
    generatorStallMs: null,
  };
}

/** As they were when the round's fault was asked for: faults of the same round may have changed them. */
function settingsIn({ plan, faults, cluster }: Recording, asked: AskedRound): Settings {
  let settings = cluster.settings;
  for (const index of asked.faults) {
    const record = faults[index] as FaultRecord;
    // Every round does all that is planned, in the order of the plan.
    const planned = plan.faults[index % plan.faults.length];
    const done = record.askedAtMs !== null && record.failure === null;
    if (record.kind === 'config' && planned?.kind === 'config' && done) {
      settings = patchedSettings(settings, patchOf(planned.options));
    }
  }
  return settings;
}

function predictionContext(recording: Recording, asked: AskedRound, { fromMs }: Window): PredictionContext {
  const { plan, faults, events, cluster } = recording;
  const { subject, etcdLeader, undoneAtMs, undoFailure } = faults[asked.fault] as FaultRecord;
  const planned = plan.faults[asked.fault % plan.faults.length];
  const { by } = leadingOf(recording);
  const leader = leaderAt(events, cluster, fromMs);
  return {
    patroni: cluster.patroni,
    subjectLed: subject === null || leader === null ? null : subject === leader,
    etcdLeaderLost: subject !== null && etcdLeader === subject,
    lastedMs: undoneAtMs === null || undoFailure !== null ? null : undoneAtMs - fromMs,
    // Where nobody knows it, stages of HAProxy are not predicted.
    proxy: by === 'nothing' || by === 'unknown' ? withoutLeading(plan.target) : by,
    postmasterOnly: planned?.options['what'] === 'postmaster',
  };
}

/** The stages of a cluster go on beside a load that is not led to its leader. */
function withoutLeading({ haproxy }: Target): PredictionContext['proxy'] {
  return haproxy === undefined ? 'vip' : 'haproxy';
}

/** The truth lies in (duration - resolution, duration]; without an outage in [0, resolution]. */
function judged(prediction: Prediction | null, writes: Downtime | null): Prediction | null {
  if (prediction === null || writes === null) {
    return prediction;
  }
  const { minMs, maxMs } = prediction;
  const longestMs = writes.outage ? writes.durationMs : writes.resolutionMs;
  const shortestMs = writes.outage ? writes.durationMs - writes.resolutionMs : 0;
  const within = longestMs >= minMs && shortestMs <= (maxMs ?? Infinity);
  // One that goes on may still come to lie within, unless it is too long already.
  const open = writes.outage && writes.toMs === null && shortestMs <= (maxMs ?? Infinity);
  return { ...prediction, holds: open ? null : within };
}
