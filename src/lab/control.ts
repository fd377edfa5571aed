import type { HaproxyChange, LabControl, NodeComponent, OnSignal, Signalled } from '../faults/lab-control.js';
import { labEndpoint } from './access.js';
import { reloadHaproxy, restartHaproxy } from './haproxy-control.js';
import type { Lab, LabNode } from './lab.js';
import { patroniUsers } from './patroni.js';
import { postmasterOf } from './postgres.js';
import {
  alive,
  descendantsOf,
  type ProcessRecord,
  signalAtOnce,
  waitForEnd,
  waitForStop,
} from './process.js';
import { recordServers } from './servers.js';
import { startProcess } from './start-process.js';
import { readProcesses } from './state.js';

/** Lets faults hurt this lab, and heal it. */
export function labControl(lab: Lab): LabControl {
  return new Control(lab);
}

/** Who might start others comes first: what is frozen starts nobody. */
const ORDER: readonly NodeComponent[] = ['patroni', 'postgres', 'postmaster', 'etcd'];

/** The first process of one component of a node. */
interface Root {
  readonly component: NodeComponent;
  readonly root: ProcessRecord;
}

interface Family extends Root {
  readonly others: readonly ProcessRecord[];
}

class Control implements LabControl {
  readonly nodes: readonly string[];
  readonly replicationRole: string;
  /** What freeze() has stopped, in that order, by node and component. */
  private readonly frozen = new Map<string, readonly ProcessRecord[]>();

  constructor(private readonly lab: Lab) {
    this.nodes = lab.nodes.map(({ name }) => name);
    this.replicationRole = patroniUsers(lab.state).replication.user;
  }

  apiUrl(node: string): string {
    return this.node(node).apiUrl;
  }

  etcdUrl(node: string): string {
    return this.node(node).etcdUrl;
  }

  superuser(node: string): ReturnType<LabControl['superuser']> {
    const { address: host, pgPort: port } = this.node(node);
    const { directory, state, superuser } = this.lab;
    const { user, password } = superuser;
    return {
      endpoint: labEndpoint(directory, state, { host, port }, { user, database: 'postgres' }),
      password,
    };
  }

  /**
   * As a crash of the machine: whoever could start another is frozen before its descendants are listed, so that no
   * backend is born meanwhile and goes on committing as an orphan.
   */
  async kill(
    node: string,
    components: readonly NodeComponent[],
    onSignal?: OnSignal,
  ): Promise<readonly Signalled[]> {
    const roots = await this.rootsOf(node, components);
    // What a killed server leaves in shared memory is known only while it runs.
    await recordServers(this.lab);
    const families = await this.killFamilies(node, roots, onSignal);
    const all = processesOf(families);
    const left = await waitForEnd(all, END_MS);
    if (left.length > 0) {
      const pids = left.map(({ pid }) => pid).join(', ');
      throw new Error(`processes ${pids} of ${node} still run ${END_MS / 1000} s after SIGKILL`);
    }
    return families.map(signalled);
  }

  /** Whoever was only held goes on when it cannot be done: nobody would thaw it. */
  private async killFamilies(
    node: string,
    roots: readonly Root[],
    onSignal: OnSignal | undefined,
  ): Promise<readonly Family[]> {
    const records = roots.map(({ root }) => root);
    try {
      signalAtOnce(records, 'SIGSTOP');
      await waitForStop(records, HOLD_MS);
      const families = await this.familiesOf(node, roots);
      onSignal?.();
      signalAtOnce(processesOf(families), 'SIGKILL');
      return families;
    } catch (error) {
      signalAtOnce(records, 'SIGCONT');
      throw error;
    }
  }

  async freeze(
    node: string,
    components: readonly NodeComponent[],
    onSignal?: OnSignal,
  ): Promise<readonly Signalled[]> {
    const roots = await this.rootsOf(node, components);
    const records = roots.map(({ root }) => root);
    onSignal?.();
    // Before anything can fail, so that thaw() knows of all that may be frozen.
    for (const { component, root } of roots) {
      const key = `${node} ${component}`;
      this.frozen.set(key, [root, ...(this.frozen.get(key) ?? [])]);
    }
    // Nobody is waited for: on a busy machine backends would go on for half a second beside a Patroni that is frozen.
    signalAtOnce(records, 'SIGSTOP');
    return (await this.freezeAll(node, roots)).map(signalled);
  }

  /** Until nobody of them runs: one that could not be held yet may have started another meanwhile. */
  private async freezeAll(node: string, roots: readonly Root[]): Promise<readonly Family[]> {
    for (;;) {
      const families = await this.familiesOf(node, roots);
      const all = processesOf(families);
      for (const { component, root, others } of families) {
        this.frozen.set(`${node} ${component}`, [root, ...others]);
      }
      if ((await waitForStop(all, 0)).length === 0) {
        return families;
      }
      signalAtOnce(all, 'SIGSTOP');
      const left = await waitForStop(all, END_MS);
      if (left.length > 0) {
        const pids = left.map(({ pid }) => pid).join(', ');
        throw new Error(`processes ${pids} of ${node} still run ${END_MS / 1000} s after SIGSTOP`);
      }
    }
  }

  async thaw(node: string, components: readonly NodeComponent[]): Promise<void> {
    const keys = inOrder(components).map((component) => `${node} ${component}`);
    const records = keys.flatMap((key) => this.frozen.get(key) ?? []);
    signalAtOnce(records.toReversed(), 'SIGCONT');
    // Only now, so that one that failed can be tried again.
    for (const key of keys) {
      this.frozen.delete(key);
    }
  }

  async start(node: string, components: readonly NodeComponent[]): Promise<void> {
    this.node(node);
    // Patroni waits for etcd; the other way round it would only complain for a while.
    for (const component of ['etcd', 'patroni'] as const) {
      if (components.includes(component) && (await this.lastOf(component, node)) === null) {
        await startProcess(this.lab, { component, node });
      }
    }
  }

  restartHaproxy(onSignal?: OnSignal): Promise<HaproxyChange> {
    return restartHaproxy(this.lab, onSignal);
  }

  reloadHaproxy(onSignal?: OnSignal): Promise<HaproxyChange> {
    return reloadHaproxy(this.lab, onSignal);
  }

  /** The first process of each component. @throws Error when one does not run */
  private async rootsOf(node: string, components: readonly NodeComponent[]): Promise<readonly Root[]> {
    const roots: Root[] = [];
    const missing: string[] = [];
    for (const component of inOrder(components)) {
      const root = await this.rootOf(component, node);
      if (root === null) {
        missing.push(component);
      } else {
        roots.push({ component, root });
      }
    }
    if (roots.length === 0) {
      throw new Error(`${missing.join(' and ')} of ${node} ${missing.length > 1 ? 'do' : 'does'} not run`);
    }
    return roots;
  }

  private async rootOf(component: NodeComponent, node: string): Promise<ProcessRecord | null> {
    if (component === 'postgres' || component === 'postmaster') {
      return postmasterOf(this.node(node).dataDirectory);
    }
    return this.lastOf(component, node);
  }

  /** With all that descends from each; PostgreSQL is none of Patroni's, even while that one is just starting it. */
  private async familiesOf(node: string, roots: readonly Root[]): Promise<readonly Family[]> {
    const postmaster = await postmasterOf(this.node(node).dataDirectory);
    const servers = postmaster === null ? [] : [postmaster, ...(await descendantsOf([postmaster]))];
    const serverPids = new Set(servers.map(({ pid }) => pid));
    return Promise.all(
      roots.map(async ({ component, root }): Promise<Family> => {
        if (component === 'postmaster') {
          return { component, root, others: [] };
        }
        const others = await descendantsOf([root]);
        const own = component === 'postgres' ? others : others.filter(({ pid }) => !serverPids.has(pid));
        return { component, root, others: own };
      }),
    );
  }

  /** The one that was started last, null when it has ended. */
  private async lastOf(component: 'etcd' | 'patroni', node: string): Promise<ProcessRecord | null> {
    const recorded = await readProcesses(this.lab.directory);
    const last = recorded.findLast((each) => each.component === component && each.node === node);
    return last === undefined ? null : ((await alive([last]))[0] ?? null);
  }

  private node(name: string): LabNode {
    const node = this.lab.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) {
      throw new Error(`the lab ${this.lab.name} has no node ${name}, it has ${this.nodes.join(', ')}`);
    }
    return node;
  }
}

/** How long to wait until those are held that could start others. */
const HOLD_MS = 500;

/** And until a signal has done what it must. */
const END_MS = 10_000;

function inOrder(components: readonly NodeComponent[]): readonly NodeComponent[] {
  return ORDER.filter((component) => components.includes(component));
}

function processesOf(families: readonly Family[]): readonly ProcessRecord[] {
  return families.flatMap(({ root, others }) => [root, ...others]);
}

function signalled({ component, root, others }: Family): Signalled {
  return { component, pid: root.pid, others: others.length };
}
