import { UserError } from '../errors.js';
import type { Fault } from '../faults/fault.js';
import { FAULTS } from '../faults/registry.js';
import type { FaultPlan } from '../plan/plan.js';
import { FIRST_ROUND_MS, type RunSettings } from '../plan/settings.js';
import type { Target } from '../plan/target.js';

/** The faults of the run. By default a lab has its switchover; a cluster of somebody's own is not touched unasked. */
export function faultsFor(
  settings: RunSettings,
  target: Target,
): { faultPlans: readonly FaultPlan[]; faults: readonly Fault[] } {
  const faultPlans = settings.faults === 'default' ? defaultFaults(settings, target) : settings.faults;
  if (faultPlans.length === 0 && settings.rounds !== null) {
    throw new UserError(
      '--rounds repeats a fault, and none is planned.',
      'Say which, --fault switchover for one, or leave it out.',
    );
  }
  const late = faultPlans.find(({ atMs }) => settings.durationMs !== null && atMs >= settings.durationMs);
  if (late !== undefined) {
    throw new UserError(
      `--fault: ${late.kind} comes at ${late.atMs / 1000} s, and the run ends at ${(settings.durationMs ?? 0) / 1000} s.`,
      'Use an earlier time or a longer --duration.',
    );
  }
  return { faultPlans, faults: faultPlans.map(({ kind }) => faultOf(kind, target)) };
}

function faultOf(kind: string, target: Target): Fault {
  const fault = FAULTS.find((candidate) => candidate.kind === kind);
  if (fault === undefined) {
    throw new UserError(`--fault: there is no '${kind}'.`, "See 'pgha-bench faults'.");
  }
  if (fault.needs === 'lab' && target.kind !== 'lab') {
    throw new UserError(
      `--fault: ${fault.kind} can be done to a lab only.`,
      "Leave --rw out, or use exec:'COMMAND' with a command of your own.",
    );
  }
  if (fault.needs === 'patroni' && target.patroni.length === 0) {
    throw new UserError(
      `--fault: ${fault.kind} is done by Patroni, and the target has none.`,
      'Add --patroni URL, or use --fault none.',
    );
  }
  return fault;
}

/** A run that ends with a number of transactions has no middle that could be known. */
function defaultFaults({ durationMs, rounds }: RunSettings, target: Target): readonly FaultPlan[] {
  const atMs = rounds === null ? durationMs : 2 * FIRST_ROUND_MS;
  if (target.kind !== 'lab' || atMs === null) {
    return [];
  }
  return [{ kind: 'switchover', atMs: atMs / 2, options: {} }];
}
