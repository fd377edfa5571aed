import { cpus } from 'node:os';
import type { KnownCost, WorkerCost } from '../analysis/capacity.js';
import type { Protocol } from '../plan/plan.js';
import { toolFacts } from '../run/tool.js';

/** What one worker can do on a machine, as it was measured there: a file of this shape. */
export interface Calibration {
  readonly format: 'pgha-bench/calibration';
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly machine: Machine;
  readonly protocols: readonly ProtocolCost[];
  /** What makes the figures less certain, a sentence each. */
  readonly notes: readonly string[];
}

/** What the cost of a transaction depends on; a calibration is believed where all of it is the same. */
export interface Machine {
  /** As the system calls it. */
  readonly cpu: string;
  readonly cores: number;
  /** Of Node.js, `v20.11.1`. */
  readonly node: string;
  /** Of pgha-bench. */
  readonly tool: string;
}

export interface ProtocolCost extends WorkerCost {
  readonly protocol: Protocol;
  /** What it was derived from: of fewer statements first. */
  readonly measured: readonly [MeasuredLoad, MeasuredLoad];
}

/** One worker under full load against a server that answers at once. */
export interface MeasuredLoad {
  readonly workload: string;
  /** Of each transaction. */
  readonly statements: number;
  readonly clients: number;
  readonly durationMs: number;
  readonly transactions: number;
  /** CPU of the worker, µs for each transaction; where the system does not tell it, the time that passed. */
  readonly costUs: number;
  /** Share of the time that the worker ran, and that it waited for a core; null where the system does not tell. */
  readonly busy: number | null;
  readonly waited: number | null;
}

export function thisMachine(): Machine {
  const { cpus: cores, node, version } = toolFacts();
  return { cpu: cpus()[0]?.model.trim() || 'unknown', cores, node, tool: version };
}

/**
 * The line through two measured loads, or through the dearer one and nothing, where noise would have a transaction give time
 * back; null where the one with more statements is not dearer.
 */
export function costOf([fewer, more]: readonly [MeasuredLoad, MeasuredLoad]): WorkerCost | null {
  const statementUs = (more.costUs - fewer.costUs) / (more.statements - fewer.statements);
  if (!(statementUs > 0 && Number.isFinite(statementUs))) {
    return null;
  }
  const transactionUs = fewer.costUs - fewer.statements * statementUs;
  return transactionUs < 0
    ? { statementUs: more.costUs / more.statements, transactionUs: 0 }
    : { statementUs, transactionUs };
}

/** What a calibration says of a run on this machine with that protocol. */
export function knownCost(
  calibration: Calibration | { readonly missing: string },
  machine: Machine,
  protocol: Protocol,
): KnownCost {
  if ('missing' in calibration) {
    return calibration;
  }
  const other = otherMachine(calibration.machine, machine);
  if (other !== undefined) {
    return { missing: `The calibration of ${calibration.at.slice(0, 10)} is of ${other}: ${AGAIN}` };
  }
  const cost = calibration.protocols.find((each) => each.protocol === protocol);
  return cost === undefined
    ? { missing: `The calibration has no figure of the protocol ${protocol}: ${AGAIN}` }
    : { calibratedAt: calibration.at, cost };
}

const AGAIN = "'pgha-bench calibrate' measures again.";

/** What of it differs first. */
function otherMachine(then: Machine, now: Machine): string | undefined {
  if (then.cpu !== now.cpu) {
    return 'another CPU';
  }
  if (then.cores !== now.cores) {
    return `${then.cores} cores, and here are ${now.cores}`;
  }
  if (then.node !== now.node) {
    return `Node ${then.node}, and this is ${now.node}`;
  }
  return then.tool === now.tool ? undefined : `pgha-bench ${then.tool}, and this is ${now.tool}`;
}
