import type { Endpoint } from '../plan/target.js';

/** What one node of a lab runs. */
export type NodeComponent = 'etcd' | 'patroni' | 'postgres';

export const NODE_COMPONENTS: readonly NodeComponent[] = ['etcd', 'patroni', 'postgres'];

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
  /** SIGKILL, all of them at the same instant; resolves when they have ended. @returns pids, for the record */
  kill(node: string, components: readonly NodeComponent[]): Promise<readonly number[]>;
  /** SIGSTOP, the parents first. @returns pids */
  freeze(node: string, components: readonly NodeComponent[]): Promise<readonly number[]>;
  /** SIGCONT for all that freeze() stopped and that still run, in the reverse order. */
  thaw(node: string, components: readonly NodeComponent[]): Promise<void>;
  /** Starts again what has ended; PostgreSQL is Patroni's to start. Resolves when the processes run, not when they serve. */
  start(node: string, components: readonly NodeComponent[]): Promise<void>;
  /** Ends HAProxy and starts it anew; resolves when it listens. */
  restartHaproxy(): Promise<void>;
  /** A new HAProxy takes over and lets the old one finish its sessions, as `-sf` does. */
  reloadHaproxy(): Promise<void>;
}
