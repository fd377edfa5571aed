import { etcdSpec } from './etcd.js';
import { haproxySpec } from './haproxy.js';
import { patroniSpec } from './patroni.js';
import { type ProcessSpec, type StartedProcess, spawnDetached } from './process.js';
import { type LabDirectory, type LabState, recordProcess } from './state.js';

/** A process that the lab starts itself; PostgreSQL is Patroni's to start. */
export type Startable =
  | { readonly component: 'etcd' | 'patroni'; readonly node: string }
  | {
      readonly component: 'haproxy';
      readonly node: null;
      /** `-sf PID` to take over from another, for one. */
      readonly extraArgs?: readonly string[];
    };

/** Starts a process of the lab as it was first started, and records it: for the start, and for faults that undo themselves. */
export async function startProcess(
  lab: { readonly directory: LabDirectory; readonly state: LabState },
  what: Startable,
): Promise<StartedProcess> {
  const { component, node } = what;
  return await spawnDetached(specOf(lab.directory, lab.state, what), (record) =>
    recordProcess(lab.directory, { component, node, ...record }),
  );
}

function specOf(directory: LabDirectory, state: LabState, what: Startable): ProcessSpec {
  switch (what.component) {
    case 'etcd':
      return etcdSpec(directory, state, what.node);
    case 'patroni':
      return patroniSpec(directory, state, what.node);
    case 'haproxy':
      return haproxySpec(directory, state, what.extraArgs ?? []);
  }
}
