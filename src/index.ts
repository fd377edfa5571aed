/** What the package exports: the contract of a workload, for files such as those in `workloads/`. */
export type {
  OptionValues,
  PrepareProgress,
  Schema,
  SchemaName,
  SchemaState,
  Script,
  Workload,
  WorkloadDefinition,
  WorkloadOption,
} from './workload/workload.js';
