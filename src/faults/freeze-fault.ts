import { setTimeout as sleep } from 'node:timers/promises';
import { getMember } from '../cluster/patroni.js';
import type { Fault, FaultContext, FaultOption } from './fault.js';
import type { NodeComponent } from './lab-control.js';
import { lookAt } from './look.js';
import { memberFor } from './members.js';
import { checkNode, forOption, lasting, nodeOption, signalWords, strike } from './strike.js';

/** What differs from one freezing to the next. */
export interface Freezing extends Pick<Fault, 'kind' | 'summary' | 'exercises' | 'expects'> {
  readonly options?: readonly FaultOption[];
  componentsFor(options: Readonly<Record<string, string>>): readonly NodeComponent[];
}

/** SIGSTOP, and SIGCONT later: the kernel goes on taking connections, and nobody answers. */
export function freezeFault(freezing: Freezing): Fault {
  const { kind, summary, exercises, expects, options = [], componentsFor } = freezing;
  return {
    kind,
    summary,
    exercises,
    expects,
    needs: 'lab',
    options: [{ ...forOption(), isFirst: true }, nodeOption('leader'), ...options],
    check: (context) => checkNode(context, context.plan.options['node'] ?? 'leader'),
    inject: async (context) => {
      const components = componentsFor(context.plan.options);
      const injection = await strike(context, ({ cluster, leader }) => {
        const { name } = memberFor(cluster, leader, context.plan.options['node'] ?? 'leader');
        return {
          subject: name,
          strike: async (lab, onSignal) =>
            signalWords('SIGSTOP', await lab.freeze(name, components, onSignal), name),
          undo: async (lab) => {
            await untilPromoted(context, name);
            await lab.thaw(name, components);
            return `SIGCONT to ${components.join(', ')} of ${name}`;
          },
        };
      });
      return lasting(context, injection);
    },
  };
}

/** So long a member that has just got the leader key may take to become primary. */
const PROMOTION_MS = 10_000;

/**
 * Waits, when another member holds the leader key by now, until its PostgreSQL is primary, too. Patroni 3.0.2 writes the
 * key without comparing, so an old primary that wakes up may take it back: later this is a second change of the leader,
 * but before the promotion there would have been no failover at all.
 */
async function untilPromoted({ target, access }: FaultContext, frozen: string): Promise<void> {
  const deadline = performance.now() + PROMOTION_MS;
  while (performance.now() < deadline) {
    const leader = await lookAt(target, access).then(
      (look) => look.leader,
      () => null,
    );
    if (leader === null || leader.name === frozen || leader.role !== 'leader') {
      return;
    }
    const self = await getMember(leader.apiUrl, { ...access.patroni, timeoutMs: 1000 }).catch(() => null);
    if (self?.role === 'primary') {
      return;
    }
    await sleep(50);
  }
}
