import { changesOfLeader } from '../analysis/asked.js';
import type { Fault } from '../faults/fault.js';
import type { FaultPlan } from '../plan/plan.js';

/** What makes one round: a fault with those that prepare it. Indexes in plan.faults, `to` excluded. */
export interface Group {
  readonly from: number;
  readonly to: number;
}

export function groupsOf(faults: readonly Pick<Fault, 'prepares'>[]): readonly Group[] {
  const groups: Group[] = [];
  let from = 0;
  for (const [index, { prepares }] of faults.entries()) {
    if (prepares !== true || index === faults.length - 1) {
      groups.push({ from, to: index + 1 });
      from = index + 1;
    }
  }
  return groups;
}

/**
 * A switchover goes back to whom led before, so that the rounds alternate.
 * @param ledBefore who led before the last round; null in the first, and where nobody knows
 * @param leader who leads now
 */
export function turned(order: FaultPlan, ledBefore: string | null, leader: string | null): FaultPlan {
  const planned = order.kind === 'switchover' || order.kind === 'failover';
  const wanted = order.options['candidate'];
  if (!planned || ledBefore === null || ledBefore === leader) {
    return order;
  }
  if (wanted !== undefined && wanted !== leader) {
    return order;
  }
  return { ...order, options: { ...order.options, candidate: ledBefore } };
}

/** Each fault changes the leader once at most, and some never; nobody knows what a command does. */
export function disturbanceOf(changes: number, faults: readonly Pick<Fault, 'kind'>[]): string | null {
  return changes > changesOfLeader(faults.map(({ kind }) => kind))
    ? `the leader changed ${changes} times`
    : null;
}
