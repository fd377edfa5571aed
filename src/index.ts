/** What a workload file of one's own needs: see docs/workloads.md. */
export type { Route } from './plan/target.js';
export type { ScriptFunction, ScriptFunctionContext } from './workload/program.js';
export type {
  OptionValues,
  PrepareProgress,
  Schema,
  SchemaName,
  SchemaState,
  Script,
  WorkloadDefinition,
  WorkloadOption,
} from './workload/workload.js';
