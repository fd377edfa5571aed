import type pg from 'pg';
import type { Protocol } from '../plan/plan.js';
import type { Route } from '../plan/target.js';

/** What can be run: scripts with weights, the schema that they need, and options. One file in `workloads/` exports one. */
export interface Workload {
  /** As typed on the command line. */
  readonly name: string;
  /** One line for `pgha-bench --help`. */
  readonly summary: string;
  readonly options: readonly WorkloadOption[];
  readonly schema: Schema;
  readonly scripts: readonly Script[];
}

export interface WorkloadOption {
  /** As typed behind `--`, in kebab-case. */
  readonly name: string;
  readonly type: 'number' | 'string' | 'boolean';
  readonly default: number | string | boolean;
  readonly summary: string;
  /** For numbers: the smallest value that makes sense. */
  readonly min?: number;
}

export type OptionValues = Readonly<Record<string, number | string | boolean>>;

export interface Script {
  readonly name: string;
  /** Share of this script among all of the workload; 0 = never. */
  readonly weight: number;
  readonly route: Route;
  /** A pgbench script. */
  readonly text: string;
}

/** The tables of a workload. `sql` is a connected client of the read-write endpoint; these run before and after the load, never in it. */
export interface Schema {
  /** What is there, found without changing anything. */
  check(sql: pg.ClientBase, options: OptionValues): Promise<SchemaState>;
  /** Makes and loads the tables, replacing those of the same names. */
  prepare(
    sql: pg.ClientBase,
    options: OptionValues,
    progress: (step: PrepareProgress) => void,
  ): Promise<void>;
  cleanup(sql: pg.ClientBase, options: OptionValues): Promise<void>;
}

export type SchemaState =
  /** The tables are there as the workload needs them; `options` are those that the tables decide, `{ scale: 10 }`. */
  | { readonly kind: 'ready'; readonly made: 'here' | 'elsewhere'; readonly options: OptionValues }
  /** None of the tables is there. */
  | { readonly kind: 'missing' }
  /** Tables of these names exist, but not as this workload needs them; `problem` says in one sentence what was found. */
  | { readonly kind: 'unfit'; readonly made: 'here' | 'elsewhere'; readonly problem: string };

/** `done` of `total` in the unit of the step; a step without a total has 0. */
export interface PrepareProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

export interface CompileOptions {
  readonly protocol: Protocol;
  /** Variables that are set before the first transaction, beside those that every run sets: options of the workload, -D. */
  readonly variables: readonly string[];
}
