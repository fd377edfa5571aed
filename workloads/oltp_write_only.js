// @ts-check

/**
 * sysbench's oltp_write_only: what oltp_read_write writes.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'oltp_write_only',
  summary: "sysbench's oltp_write_only: two updates, a delete and an insert in one transaction",
  schema: 'sysbench',
  scripts: [
    {
      name: 'oltp_write_only',
      weight: 1,
      route: 'rw',
      event: ['begin', 'index_updates', 'non_index_updates', 'delete_inserts', 'commit'],
    },
  ],
};
