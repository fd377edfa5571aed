import type { RunClock } from '../clock.js';
import type { ClusterAccess } from '../cluster/access.js';
import type { FaultPlan } from '../plan/plan.js';
import type { Target } from '../plan/target.js';
import type { FaultRecord } from '../result/result.js';
import type { LabControl } from './lab-control.js';

/** Something done to the cluster. One file each; registry.ts lists them. */
export interface Fault {
  /** As typed before the @, `switchover`. */
  readonly kind: string;
  /** One line: what it does. */
  readonly summary: string;
  /** One line: what of a failover it exercises, and what it does not. */
  readonly exercises: string;
  /** What the target must have: Patroni's API, a lab of this tool, or nothing but a shell here. */
  readonly needs: 'patroni' | 'lab' | 'exec';
  /** Options that may stand behind the kind, `switchover:candidate=n2`. */
  readonly options: readonly FaultOption[];
  /**
   * What is to be waited for before it is undone: that another member leads (or the settings' longest time for it is
   * over), or nothing but that writes are acknowledged.
   */
  readonly expects: 'another_leader' | 'service';
  /** It only prepares the next fault of the list, and is undone with that one: `cut-replication`. */
  readonly prepares?: true;
  /** Looks, before the load, whether it can be done. @throws UserError when it cannot */
  check(context: FaultCheck): Promise<void>;
  /** Does it. Never rejects: what went wrong is part of the record. */
  inject(context: FaultContext): Promise<Injection>;
}

export interface FaultOption {
  readonly name: string;
  /** One line for `pgha-bench faults`. */
  readonly summary: string;
  /** It may stand without its name, `freeze-node:10s`; one of a fault at most. */
  readonly isFirst?: true;
  /** A duration, looked at when the plan is made. */
  readonly type?: 'duration';
  readonly required?: true;
  /** The only words that it may be. */
  readonly choices?: readonly string[];
  /** It stands for options of any name, `config:ttl=20,loop_wait=5`. */
  readonly any?: true;
}

/** What a fault may look at before the load. */
export interface FaultCheck {
  readonly target: Target;
  readonly plan: FaultPlan;
  readonly access: ClusterAccess;
  /** Null unless the target is a lab. */
  readonly lab: LabControl | null;
}

export interface FaultContext extends FaultCheck {
  readonly clock: RunClock;
  /** From 1. */
  readonly round: number;
  /** Aborted when the run ends before the fault does. */
  readonly signal: AbortSignal;
}

export interface Injection {
  readonly record: FaultRecord;
  /**
   * Takes it back, whatever state the cluster is in by now; says what it did, `started n1 again`. Null when there is
   * nothing to take back. It may reject, and may then be called again: what of it was done already does no harm twice.
   */
  readonly undo: (() => Promise<string>) | null;
}

/** The record of a fault of which nothing has been done. */
export function notAsked(plan: FaultPlan, round = 1): FaultRecord {
  return {
    kind: plan.kind,
    round,
    subject: null,
    etcdLeader: null,
    plannedAtMs: plan.atMs,
    askedAtMs: null,
    asked: null,
    answeredAtMs: null,
    answer: null,
    observed: null,
    observedAtMs: null,
    failure: null,
    output: null,
    undone: null,
    undoneAtMs: null,
    undoFailure: null,
    healthyAtMs: null,
    disturbance: null,
  };
}
