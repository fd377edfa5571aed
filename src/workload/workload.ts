import type pg from 'pg';
import type { Protocol } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import type { ScriptFunction } from './program.js';
import type { Slots } from './variables.js';

/**
 * What a file of `workloads/`, or of a user's own, exports as its default. It can be plain data: the schema of a
 * well-known workload is named, so that a copy of a built-in works wherever it lies.
 */
export interface WorkloadDefinition {
  /** As typed on the command line. */
  readonly name: string;
  /** Other words for it. */
  readonly aliases?: readonly string[];
  /** One line for `pgha-bench --help`. */
  readonly summary: string;
  /** Its own options, beside those of a schema that it names. A number is a variable of the scripts, too. */
  readonly options?: readonly WorkloadOption[];
  readonly schema: SchemaName | Schema;
  readonly scripts: readonly Script[];
}

/** Schemas that this tool has; registry.ts knows what they are. `none`: the scripts need no tables, or say nothing of them. */
export type SchemaName =
  | 'none'
  | 'pgbench'
  | 'sysbench'
  | 'sysbench-bulk'
  | 'sysbench-insert'
  | 'sysbench-select';

/** What can be run: a {@link WorkloadDefinition} with everything that it names. */
export interface Workload {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly options: readonly WorkloadOption[];
  readonly schema: Schema;
  readonly scripts: readonly Script[];
  /** The file it comes from, as a URL; null for one that is made of a script alone. */
  readonly url: string | null;
}

export interface WorkloadOption {
  /** As typed behind `--`, in kebab-case. */
  readonly name: string;
  readonly type: 'number' | 'string' | 'boolean';
  readonly default: number | string | boolean;
  readonly summary: string;
  /** For numbers: the smallest and the largest value that make sense. */
  readonly min?: number;
  readonly max?: number;
  /** For numbers: no fractions. */
  readonly integer?: boolean;
  /** For strings: the words that it takes. */
  readonly values?: readonly string[];
  /** One letter that stands for it, as in pgbench. */
  readonly alias?: string;
  /** The command that has it; absent for both. */
  readonly command?: 'init' | 'run';
}

export type OptionValues = Readonly<Record<string, number | string | boolean>>;

/** What a script is written as: exactly one of these. */
export type Script = ScriptHead &
  /** A pgbench script. */
  (
    | { readonly text: string }
    /** A sysbench event: its groups of statements in order, see workload/sysbench/event.ts. */
    | { readonly event: readonly string[] }
    /** A function of the workload file. */
    | { readonly run: ScriptFunction; readonly writes: boolean }
  );

export interface ScriptHead {
  readonly name: string;
  /** Share of this script among all of the workload; 0 = never. */
  readonly weight: number;
  /**
   * Where it can run: `rw` needs the primary; `ro` only reads, and goes to the read-only endpoint where the target
   * has one, else to the read-write one.
   */
  readonly route: Route;
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
  /** Drops the tables and whatever else prepare left. */
  cleanup(sql: pg.ClientBase, options: OptionValues): Promise<void>;
  /** What belongs before each load, such as pgbench's vacuum. */
  beforeRun?(sql: pg.ClientBase, options: OptionValues): Promise<void>;
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
  /** Absent where no other scripts share the variables. */
  readonly slots?: Slots;
}
