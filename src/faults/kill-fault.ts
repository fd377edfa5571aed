import type { Fault } from './fault.js';
import type { NodeComponent } from './lab-control.js';
import { memberFor } from './members.js';
import { checkNode, forOption, lasting, nodeOption, signalWords, strike } from './strike.js';

/** What differs from one killing to the next. */
export interface Killing extends Pick<Fault, 'kind' | 'summary' | 'exercises' | 'expects'> {
  readonly components: readonly NodeComponent[];
  /** What must be started again afterwards: Patroni starts PostgreSQL itself. */
  readonly startAgain: readonly NodeComponent[];
  /** Whom it is done to, unless another is named. */
  readonly usual: 'leader' | 'replica';
  /** Name of the option that says whom, `node`. */
  readonly option?: string;
  /** How long it lasts unless a time is given, `15s`; without it, until the round is over. */
  readonly lasts?: string;
}

/** SIGKILL to all components of a node at the same instant. */
export function killFault(killing: Killing): Fault {
  const {
    kind,
    summary,
    exercises,
    expects,
    components,
    startAgain,
    usual,
    option = 'node',
    lasts,
  } = killing;
  return {
    kind,
    summary,
    exercises,
    expects,
    needs: 'lab',
    options: [nodeOption(usual, option), ...(lasts === undefined ? [] : [forOption(lasts)])],
    check: (context) => checkNode(context, context.plan.options[option] ?? usual),
    inject: async (context) => {
      const injection = await strike(context, ({ cluster, leader }) => {
        const { name } = memberFor(cluster, leader, context.plan.options[option] ?? usual);
        return {
          subject: name,
          strike: async (lab, onSignal) =>
            signalWords('SIGKILL', await lab.kill(name, components, onSignal), name),
          undo:
            startAgain.length === 0
              ? null
              : async (lab) => {
                  await lab.start(name, startAgain);
                  return `started ${startAgain.join(' and ')} of ${name} again`;
                },
        };
      });
      return lasting(context, injection, lasts);
    },
  };
}
