import type { RunClock } from '../clock.js';
import type { FaultPlan } from '../plan/plan.js';
import type { Target } from '../plan/target.js';
import type { FaultRecord } from '../result/result.js';

/** Something done to the cluster. One file each; registry.ts lists them. */
export interface Fault {
  /** As typed before the @, `switchover`. */
  readonly kind: string;
  /** One line: what it does and what it exercises. */
  readonly summary: string;
  /** What the target must have. */
  readonly needs: 'patroni' | 'lab';
  /** Options that may stand behind the kind, `switchover:candidate=n2`. */
  readonly options: readonly string[];
  /** Looks, before the load, whether it can be done. @throws UserError when it cannot */
  check(target: Target, plan: FaultPlan): Promise<void>;
  /** Does it. Never rejects: what went wrong is part of the record. */
  inject(context: FaultContext): Promise<FaultRecord>;
}

export interface FaultContext {
  readonly target: Target;
  readonly plan: FaultPlan;
  readonly clock: RunClock;
  /** Aborted when the run ends before the fault does. */
  readonly signal: AbortSignal;
}

/** The record of a fault of which nothing has been done. */
export function notAsked(plan: FaultPlan): FaultRecord {
  return {
    kind: plan.kind,
    plannedAtMs: plan.atMs,
    askedAtMs: null,
    asked: null,
    answeredAtMs: null,
    answer: null,
    observed: null,
    observedAtMs: null,
    failure: null,
  };
}
