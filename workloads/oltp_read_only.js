// @ts-check

/**
 * sysbench's oltp_read_only: what oltp_read_write reads. It runs on the read-only endpoint where there is one.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'oltp_read_only',
  summary: "sysbench's oltp_read_only: ten points and four ranges in one transaction",
  schema: 'sysbench',
  scripts: [
    {
      name: 'oltp_read_only',
      weight: 1,
      route: 'ro',
      event: [
        'begin',
        'point_selects',
        'simple_ranges',
        'sum_ranges',
        'order_ranges',
        'distinct_ranges',
        'commit',
      ],
    },
  ],
};
