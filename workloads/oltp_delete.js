// @ts-check

/**
 * sysbench's oltp_delete: nothing puts rows back, so in time most deletes find none.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'oltp_delete',
  summary: "sysbench's oltp_delete: one delete by id",
  schema: 'sysbench',
  scripts: [{ name: 'oltp_delete', weight: 1, route: 'rw', event: ['delete'] }],
};
