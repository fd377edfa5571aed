// @ts-check

/**
 * sysbench's oltp_update_non_index: c has no index, so the update can stay on its page (HOT).
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'oltp_update_non_index',
  summary: "sysbench's oltp_update_non_index: one update of a column without an index",
  schema: 'sysbench',
  scripts: [{ name: 'oltp_update_non_index', weight: 1, route: 'rw', event: ['non_index_updates'] }],
};
