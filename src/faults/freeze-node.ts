import { freezeFault } from './freeze-fault.js';
import { NODE_COMPONENTS } from './lab-control.js';

/** The machine of a node hangs, and comes back as if nothing had been. */
export const freezeNode = freezeFault({
  kind: 'freeze-node',
  summary: "SIGSTOP to all of the leader's node, SIGCONT later",
  exercises:
    "a machine that hangs: connections stay open unanswered until HAProxy's check times out; an old primary that wakes up",
  expects: 'another_leader',
  componentsFor: () => NODE_COMPONENTS,
});
