import { predictedDowntime, USUAL_CONTEXT } from '../analysis/predict.js';
import type { Fault, FaultOption } from '../faults/fault.js';
import { FAULTS } from '../faults/registry.js';
import type { ClusterFacts } from '../result/result.js';
import type { Prediction } from '../result/round.js';
import type { Given } from './arguments.js';
import { givenClusterFacts } from './cluster-facts.js';
import type { TargetOptions } from './options.js';
import { targetGiven } from './texts.js';

export type { FaultOption } from '../faults/fault.js';

/** What can be done to a cluster, and what is to be known before. */
export interface FaultDescription {
  /** As it stands in `faults`, `switchover`. */
  readonly kind: string;
  /** One line: what it does. */
  readonly summary: string;
  /** One line: what of a failover it exercises, and what it does not. */
  readonly exercises: string;
  /** What the target must have: Patroni's API, a lab, or nothing but a shell here. */
  readonly needs: Fault['needs'];
  /** Options that may stand behind the kind, `switchover:candidate=n2`. */
  readonly options: readonly FaultOption[];
  /** Write downtime that the cluster's own settings imply, ms; null without a cluster, and where settings say nothing. */
  readonly downtime: Prediction | null;
}

/**
 * What can be done to a cluster.
 * @param target whose settings the expected downtimes are of, a lab or a cluster with `patroni`; the lab named `default`,
 *   if it is up, when absent
 * @throws UserError when the target does not answer
 */
export async function listFaults(target?: TargetOptions): Promise<readonly FaultDescription[]> {
  return describeFaults(targetGiven(target));
}

/** @throws UserError when what was given is no target, or does not answer */
export async function describeFaults(given: Given): Promise<readonly FaultDescription[]> {
  const asked = await givenClusterFacts(given, () => null);
  return FAULTS.map((fault) => describeFault(fault, asked?.facts ?? null));
}

/** @param facts of the cluster, of which its version of Patroni decides, too; null when there is none to ask */
export function describeFault(
  fault: Fault,
  facts: Pick<ClusterFacts, 'settings' | 'patroni'> | null,
): FaultDescription {
  const { kind, summary, exercises, needs, options } = fault;
  const context = { ...USUAL_CONTEXT, patroni: facts?.patroni ?? null };
  const downtime = facts === null ? null : predictedDowntime(kind, facts.settings, context);
  return { kind, summary, exercises, needs, options, downtime };
}
