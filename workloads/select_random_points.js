// @ts-check

/**
 * sysbench's select_random_points: each client draws from a part of the values of its own. It runs on the read-only
 * endpoint where there is one.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'select_random_points',
  summary: "sysbench's select_random_points: rows of ten values of k, by its index",
  options: [
    {
      name: 'random-points',
      type: 'number',
      integer: true,
      default: 10,
      min: 1,
      max: 65535,
      summary: 'values in the IN list',
    },
  ],
  schema: 'sysbench-select',
  scripts: [{ name: 'select_random_points', weight: 1, route: 'ro', event: ['random_points'] }],
};
