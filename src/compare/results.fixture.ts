import { faultAt, sampleOf } from '../analysis/sample.fixture.js';
import type { Downtime } from '../result/downtime.js';
import type { NamedResult } from '../result/named.js';
import type { FaultRecord, Result, RoundAnalysis } from '../result/result.js';

/** What of a run a comparison is to find. */
export interface MadeRun {
  readonly name?: string;
  readonly directory?: string;
  /** Write downtime of each round, ms; 0 for none. */
  readonly downtimesMs?: readonly number[];
  readonly kind?: string;
  /** Changes each round. */
  readonly round?: (round: RoundAnalysis, index: number) => RoundAnalysis;
  readonly change?: (result: Result) => Result;
}

const ROUND_MS = 40_000;
let made = 0;

/** A run of as many switchovers as there are downtimes, each with the recording of the sample `switchover`. */
export function madeRun({
  name,
  directory,
  downtimesMs = [5000],
  kind = 'switchover',
  round,
  change,
}: MadeRun): NamedResult {
  const { result } = sampleOf('switchover');
  const [only] = result.analysis.rounds as [RoundAnalysis];
  const faults: FaultRecord[] = downtimesMs.map((_, index) =>
    faultAt(20_000 + index * ROUND_MS, { round: index + 1, kind }),
  );
  const rounds = downtimesMs.map((durationMs, index) => {
    const own = {
      ...only,
      fault: index,
      writeDowntime: downtimeOf(durationMs, 20_000 + index * ROUND_MS),
      readDowntime: null,
      phases: index === 0 ? only.phases : shifted(only.phases, index * ROUND_MS),
    };
    return round === undefined ? own : round(own, index);
  });
  made += 1;
  const run: Result = {
    ...result,
    run: { ...result.run, id: `run${made}`, elapsedMs: downtimesMs.length * ROUND_MS },
    plan: { ...result.plan, faults: [{ kind, atMs: 20_000, options: {} }] },
    faults,
    analysis: { ...result.analysis, rounds },
  };
  return {
    name: name ?? `run ${made}`,
    directory: directory ?? null,
    result: change === undefined ? run : change(run),
  };
}

function downtimeOf(durationMs: number, fromMs: number): Downtime {
  return {
    route: 'rw',
    outage: durationMs > 0,
    fromMs,
    toMs: fromMs + durationMs,
    durationMs,
    resolutionMs: 20,
    failures: 3,
    usualPauseMs: 20,
    stallMs: 0,
  };
}

function shifted(phases: RoundAnalysis['phases'], byMs: number): RoundAnalysis['phases'] {
  const move = <Phase extends { readonly fromMs: number; readonly toMs: number }>(phase: Phase | null) =>
    phase === null ? null : { ...phase, fromMs: phase.fromMs + byMs, toMs: phase.toMs + byMs };
  return { before: move(phases.before), during: move(phases.during), after: move(phases.after) };
}
