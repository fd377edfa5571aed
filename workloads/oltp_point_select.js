// @ts-check

/**
 * sysbench's oltp_point_select: one row by its id, always one, whatever --point-selects says. It runs on the read-only
 * endpoint where there is one.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'oltp_point_select',
  summary: "sysbench's oltp_point_select: one row by its id",
  schema: 'sysbench',
  scripts: [{ name: 'oltp_point_select', weight: 1, route: 'ro', event: ['point_select'] }],
};
