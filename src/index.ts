/** What a workload file of one's own needs: see docs/workloads.md. */
export type {
  OptionValues,
  Schema,
  SchemaState,
  Script,
  WorkloadDefinition,
  WorkloadOption,
} from './workload/workload.js';
