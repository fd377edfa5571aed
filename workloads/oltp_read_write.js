// @ts-check

/**
 * sysbench's oltp_read_write: 20 statements, 14 of which read. A delete is followed by an insert of the same id, so
 * tables keep their size.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'oltp_read_write',
  summary:
    "sysbench's oltp_read_write: ten points, four ranges, two updates, a delete and an insert in one transaction",
  schema: 'sysbench',
  scripts: [
    {
      name: 'oltp_read_write',
      weight: 1,
      route: 'rw',
      event: [
        'begin',
        'point_selects',
        'simple_ranges',
        'sum_ranges',
        'order_ranges',
        'distinct_ranges',
        'index_updates',
        'non_index_updates',
        'delete_inserts',
        'commit',
      ],
    },
  ],
};
