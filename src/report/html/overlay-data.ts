import type { Downtime } from '../../result/downtime.js';
import type { NamedResult } from '../../result/named.js';
import type { FaultRecord, RoundAnalysis } from '../../result/result.js';
import { faultName } from '../terminal/fault.js';
import { plain } from '../terminal/text.js';
import { axisEnd, type Columns, columnsOf } from './columns.js';
import type { Outage, OverlayData, OverlayRound, OverlayRun } from './data.js';
import { pack, packSteps } from './packed.js';

/** So much of a run is laid over another before and after what a round was. */
const AROUND_MS = 20_000;
/** More rounds are not chosen from. */
const MOST_ROUNDS = 50;

/** The rounds of each run from their faults on; null when no run had any. @param results the base first */
export function overlayOf(results: readonly NamedResult[], id: string): OverlayData | null {
  const runs = results.flatMap(runOf);
  return runs.length === 0 ? null : { id, runs };
}

/** A round that was done. */
interface Done {
  readonly round: RoundAnalysis;
  readonly fault: FaultRecord;
  readonly askedAtMs: number;
  readonly number: number;
}

function runOf({ name, result }: NamedResult): OverlayRun[] {
  const alone = result.timeline.startMs.map((_, index) => ({ first: index, last: index }));
  const columns = columnsOf(result, alone);
  const done = result.analysis.rounds
    .flatMap((round, index): Done[] => {
      const fault = result.faults[round.fault];
      const askedAtMs = fault?.askedAtMs ?? null;
      return fault === undefined || askedAtMs === null
        ? []
        : [{ round, fault, askedAtMs, number: index + 1 }];
    })
    .slice(0, MOST_ROUNDS);
  if (done.length === 0) {
    return [];
  }
  const rounds = done.map((each, index) => roundOf(each, done[index + 1], axisEnd(result), columns));
  return [{ name: plain(name), first: medianOf(done), rounds }];
}

/** The round in the middle by its write downtime, of those that are valid; of an even number the shorter one. */
export function medianOf(done: readonly { readonly round: RoundAnalysis }[]): number {
  const measured = done
    .map(({ round }, index) => ({ round, index, ms: awayMs(round.writeDowntime) }))
    .filter(({ round, ms }) => round.invalid === null && ms !== null)
    .sort((a, b) => (a.ms ?? 0) - (b.ms ?? 0));
  return measured[Math.floor((measured.length - 1) / 2)]?.index ?? 0;
}

function awayMs(downtime: Downtime | null): number | null {
  return downtime?.outage === false ? 0 : (downtime?.durationMs ?? null);
}

function roundOf(done: Done, next: Done | undefined, axisEndMs: number, columns: Columns): OverlayRound {
  const { round, fault, askedAtMs, number } = done;
  const { phases, writeDowntime, readDowntime } = round;
  const lastMs = next?.askedAtMs ?? axisEndMs;
  const overMs = Math.max(
    askedAtMs,
    phases.after?.fromMs ?? 0,
    writeDowntime?.outage ? (writeDowntime.toMs ?? lastMs) : 0,
    readDowntime?.outage ? (readDowntime.toMs ?? lastMs) : 0,
  );
  const endMs = Math.min(lastMs, overMs + AROUND_MS);
  const first = columns.startMs.findIndex((from) => from >= askedAtMs - AROUND_MS);
  const end = columns.startMs.findIndex((from) => from >= endMs);
  const cut = <Value>(column: readonly Value[]) => column.slice(first, end < 0 ? undefined : end);
  const startMs = cut(columns.startMs);
  const rate = (route: 'rw' | 'ro') => {
    const column = columns.rate(route);
    return column === null ? null : pack(cut(column));
  };
  const fromMs = (startMs[0] ?? askedAtMs) - askedAtMs;
  return {
    label: `${number}: ${faultName(fault)}`,
    fromMs,
    toMs: (columns.startMs[end] ?? axisEndMs) - askedAtMs,
    overMs: overMs - askedAtMs,
    stepMs: packSteps(
      startMs.map((from) => from - askedAtMs),
      fromMs,
    ),
    rw: rate('rw'),
    ro: rate('ro'),
    p99Us: pack(cut(columns.latency('p99'))),
    noWrites: outageOf(writeDowntime, askedAtMs),
    noReads: outageOf(readDowntime, askedAtMs),
  };
}

function outageOf(downtime: Downtime | null, askedAtMs: number): Outage | null {
  if (downtime === null || !downtime.outage) {
    return null;
  }
  const fromMs = downtime.fromMs - askedAtMs;
  return { fromMs, toMs: fromMs + downtime.durationMs };
}
