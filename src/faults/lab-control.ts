import type { Endpoint } from '../plan/target.js';

/** What one node of a lab runs. `postmaster`: PostgreSQL's first process alone, without its backends. */
export type NodeComponent = 'etcd' | 'patroni' | 'postgres' | 'postmaster';

/** A whole node. */
export const NODE_COMPONENTS: readonly NodeComponent[] = ['etcd', 'patroni', 'postgres'];

/** Processes of one component that got a signal. */
export interface Signalled {
  readonly component: NodeComponent;
  /** Of the component's first process. */
  readonly pid: number;
  /** How many others of it there were: PostgreSQL's backends, for one. */
  readonly others: number;
}

/** Called in the same turn as the first signal, immediately before it: the instant of the fault. */
export type OnSignal = () => void;

/**
 * What faults can do to a lab; src/lab/control.ts does it. Processes are known by pid and start time, never by name.
 * PostgreSQL is meant with all its backends. Everything rejects with an Error that says what was not to be had.
 */
export interface LabControl {
  /** `n1`, `n2`, `n3` */
  readonly nodes: readonly string[];
  /** The member of Patroni that a URL of its API, or its name, belongs to is the node of the same name. */
  apiUrl(node: string): string;
  etcdUrl(node: string): string;
  /** Where the node's PostgreSQL listens, as a superuser, with its password. */
  superuser(node: string): { readonly endpoint: Endpoint; readonly password: string };
  /** The role that replicas connect as. */
  readonly replicationRole: string;
  /** SIGKILL, all of them at the same instant; resolves when they have ended. @returns who it was, for the record */
  kill(
    node: string,
    components: readonly NodeComponent[],
    onSignal?: OnSignal,
  ): Promise<readonly Signalled[]>;
  /** SIGSTOP, the parents first; resolves when none of them runs. @returns who it was */
  freeze(
    node: string,
    components: readonly NodeComponent[],
    onSignal?: OnSignal,
  ): Promise<readonly Signalled[]>;
  /** SIGCONT for all that freeze() stopped and that still run, in the reverse order. */
  thaw(node: string, components: readonly NodeComponent[]): Promise<void>;
  /** Starts again what has ended; PostgreSQL is Patroni's to start. Resolves when the processes run, not when they serve. */
  start(node: string, components: readonly NodeComponent[]): Promise<void>;
  /** Ends HAProxy and starts it anew; resolves when it listens. */
  restartHaproxy(onSignal?: OnSignal): Promise<HaproxyChange>;
  /** A new HAProxy takes over and lets the old one finish its sessions, as `-sf` does; resolves when the new one listens. */
  reloadHaproxy(onSignal?: OnSignal): Promise<HaproxyChange>;
}

export interface HaproxyChange {
  /** Pids of those that ran before. */
  readonly before: readonly number[];
  readonly now: number;
}
