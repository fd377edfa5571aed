import type { FaultRecord, RoundAnalysis } from '../result/result.js';
import type { RoundsSummary } from '../result/round.js';
import { spreadOf } from './spread.js';

/**
 * Over the valid rounds of each kind of fault that had more than one.
 * @param note told what the figures leave out
 */
export function summariesOf(
  faults: readonly FaultRecord[],
  rounds: readonly RoundAnalysis[],
  note: (text: string) => void,
): RoundsSummary[] {
  const byKind = new Map<string, RoundAnalysis[]>();
  for (const round of rounds) {
    const kind = faults[round.fault]?.kind ?? '';
    byKind.set(kind, [...(byKind.get(kind) ?? []), round]);
  }
  const summaries: RoundsSummary[] = [];
  for (const [kind, own] of byKind) {
    if (own.length > 1) {
      summaries.push(summaryOf(kind, own, faults, note));
    }
  }
  return summaries;
}

function summaryOf(
  kind: string,
  rounds: readonly RoundAnalysis[],
  faults: readonly FaultRecord[],
  note: (text: string) => void,
): RoundsSummary {
  const valid = rounds.filter((round) => round.invalid === null);
  const open = valid.filter(
    ({ writeDowntime }) => writeDowntime?.outage && writeDowntime.toMs === null,
  ).length;
  if (open > 0) {
    note(
      `In ${open} of ${valid.length} rounds of ${kind} writes did not come back: they count up to the end of the round.`,
    );
  }
  return {
    kind,
    valid: valid.length,
    invalid: rounds.length - valid.length,
    writeDowntimeMs: downtimes(valid, 'writeDowntime'),
    readDowntimeMs: downtimes(valid, 'readDowntime'),
    steadyAfterMs: spreadOf(valid.flatMap((round) => steadyAfter(round, faults))),
  };
}

/** A round in which none was seen counts as 0; null when none was seen in any. */
function downtimes(
  rounds: readonly RoundAnalysis[],
  of: 'writeDowntime' | 'readDowntime',
): RoundsSummary['writeDowntimeMs'] {
  const measured = rounds.flatMap((round) => round[of] ?? []);
  const some = measured.some(({ outage }) => outage);
  return some ? spreadOf(measured.map(({ outage, durationMs }) => (outage ? durationMs : 0))) : null;
}

function steadyAfter({ phases, fault }: RoundAnalysis, faults: readonly FaultRecord[]): number[] {
  const askedMs = faults[fault]?.askedAtMs ?? null;
  if (phases.during === null || phases.after === null || askedMs === null) {
    return [];
  }
  return [phases.after.fromMs - askedMs];
}
