// @ts-check

/**
 * sysbench's oltp_update_index: k has an index, which each update changes.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'oltp_update_index',
  summary: "sysbench's oltp_update_index: one update of a column with an index",
  schema: 'sysbench',
  scripts: [{ name: 'oltp_update_index', weight: 1, route: 'rw', event: ['index_updates'] }],
};
