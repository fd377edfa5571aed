// @ts-check

/**
 * sysbench's bulk_insert: a multi-row INSERT of 512 KiB, some 39,000 rows, into a table of the client's own. An event is
 * one row, so most events send nothing. init makes the tables for as many clients as --threads says, and empty ones,
 * before each run.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'bulk_insert',
  summary: "sysbench's bulk_insert: one row of an INSERT of 512 KiB into a table of each client's own",
  schema: 'sysbench-bulk',
  scripts: [{ name: 'bulk_insert', weight: 1, route: 'rw', event: ['bulk_insert'] }],
};
