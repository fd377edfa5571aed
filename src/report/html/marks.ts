import type { Event, FaultRecord, Result } from '../../result/result.js';
import { faultName } from '../terminal/fault.js';
import { plain } from '../terminal/text.js';
import { axisEnd } from './columns.js';
import type { Mark, NamedView, Phase } from './data.js';

/** Faults, what undid them, and who led from when on. */
export function marksOf(result: Result): Mark[] {
  const marks = [...result.faults.flatMap(faultMarks), ...leaderMarks(result.events)];
  return marks.sort((a, b) => a.atMs - b.atMs);
}

function faultMarks(fault: FaultRecord): Mark[] {
  const marks: Mark[] = [];
  if (fault.askedAtMs !== null) {
    marks.push({ atMs: fault.askedAtMs, kind: 'fault', text: faultName(fault) });
  }
  if (fault.undoneAtMs !== null) {
    marks.push({ atMs: fault.undoneAtMs, kind: 'undo', text: `${plain(fault.kind)} undone` });
  }
  if (fault.healthyAtMs !== null) {
    marks.push({ atMs: fault.healthyAtMs, kind: 'healthy', text: 'healthy again' });
  }
  return marks;
}

/** By etcd where it was watched, since Patroni's list comes up to a second later. */
function leaderMarks(events: readonly Event[]): Mark[] {
  const taken = events.filter(({ kind }) => kind === 'leader_key_taken');
  const changes =
    taken.length > 0 ? taken : events.filter(({ kind, from }) => kind === 'leader' && from !== null);
  return changes.flatMap(({ atMs, to }) =>
    to === null || to === '' ? [] : [{ atMs, kind: 'leader', text: `${plain(to)} leads` } satisfies Mark],
  );
}

/** Phases of all rounds, without overlaps: what is after one round is mostly before the next. */
export function phasesOf({ analysis }: Result): Phase[] {
  const several = analysis.rounds.length > 1;
  const all = analysis.rounds.flatMap(({ phases }, index) =>
    PHASES.flatMap((name): Phase[] => {
      const phase = phases[name];
      const label = several ? `${name} ${index + 1}` : name;
      return phase === null ? [] : [{ name, label, fromMs: phase.fromMs, toMs: phase.toMs }];
    }),
  );
  const edges = [...new Set(all.flatMap(({ fromMs, toMs }) => [fromMs, toMs]))].sort((a, b) => a - b);
  const pieces = edges.slice(1).flatMap((toMs, index) => {
    const fromMs = edges[index] ?? 0;
    const within = all.filter((phase) => phase.fromMs <= fromMs && phase.toMs >= toMs);
    return within.length === 0 ? [] : [{ ...shownOf(within), fromMs, toMs }];
  });
  return joinedPhases(pieces);
}

const PHASES = ['before', 'during', 'after'] as const;

/** What is during one is not called after another. */
function shownOf(within: readonly Phase[]): Pick<Phase, 'name' | 'label'> {
  const during = within.find(({ name }) => name === 'during');
  const [first] = within;
  return during ?? { name: first?.name ?? 'before', label: within.map(({ label }) => label).join(', ') };
}

function joinedPhases(pieces: readonly Phase[]): Phase[] {
  const joined: Phase[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last !== undefined && last.label === piece.label && last.toMs === piece.fromMs) {
      joined[joined.length - 1] = { ...last, toMs: piece.toMs };
    } else {
      joined.push(piece);
    }
  }
  return joined;
}

const BEFORE_MS = 5000;
const AFTER_MS = 5000;
/** So much of the time around a fault is shown at least, and of one that never ended. */
const LEAST_MS = 20_000;

/** One view for each round that was done, from shortly before the fault until the load is steady again; then the run. */
export function viewsOf(result: Result): NamedView[] {
  const { analysis, faults } = result;
  const endMs = axisEnd(result);
  const whole: NamedView = { label: 'Whole run', fromMs: 0, toMs: endMs, round: null, askedAtMs: null };
  const isOnly = analysis.rounds.length === 1;
  const done = analysis.rounds.flatMap((round, index) => {
    const fault = faults[round.fault];
    return fault === undefined || fault.askedAtMs === null
      ? []
      : [{ round, fault, askedAtMs: fault.askedAtMs, number: index + 1 }];
  });
  const rounds = done.map(({ round, fault, askedAtMs, number }): NamedView => {
    const prepared = faults.filter((other) => other.round === fault.round && other.askedAtMs !== null);
    const firstMs = Math.min(askedAtMs, ...prepared.map((other) => other.askedAtMs ?? askedAtMs));
    const { writeDowntime, readDowntime, phases } = round;
    const overMs = Math.max(
      askedAtMs + LEAST_MS - BEFORE_MS - AFTER_MS,
      phases.after?.fromMs ?? 0,
      writeDowntime?.outage ? (writeDowntime.toMs ?? endMs) : 0,
      readDowntime?.outage ? (readDowntime.toMs ?? endMs) : 0,
    );
    return {
      label: isOnly ? 'Fault' : `Round ${number}`,
      fromMs: Math.max(0, firstMs - BEFORE_MS),
      toMs: Math.min(endMs, overMs + AFTER_MS),
      round: number,
      askedAtMs,
    };
  });
  return [...rounds.filter(({ fromMs, toMs }) => toMs > fromMs), whole];
}
