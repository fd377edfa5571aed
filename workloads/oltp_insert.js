// @ts-check

/**
 * sysbench's oltp_insert: the one whose statement is not prepared. With --auto-inc off the client gives the id, which
 * looks random and is given once, and init makes empty tables.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'oltp_insert',
  summary: "sysbench's oltp_insert: one insert, not prepared",
  schema: 'sysbench-insert',
  scripts: [{ name: 'oltp_insert', weight: 1, route: 'rw', event: ['insert'] }],
};
