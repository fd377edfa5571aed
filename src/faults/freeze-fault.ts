import type { Fault, FaultOption } from './fault.js';
import type { NodeComponent } from './lab-control.js';
import { memberFor } from './members.js';
import { checkNode, FOR_OPTION, lasting, nodeOption, signalWords, strike } from './strike.js';

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
    options: [FOR_OPTION, nodeOption('leader'), ...options],
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
            await lab.thaw(name, components);
            return `SIGCONT to ${components.join(', ')} of ${name}`;
          },
        };
      });
      return lasting(context, injection);
    },
  };
}
