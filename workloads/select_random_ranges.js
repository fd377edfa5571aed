// @ts-check

/**
 * sysbench's select_random_ranges: each client draws from a part of the values of its own. It runs on the read-only
 * endpoint where there is one.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'select_random_ranges',
  summary: "sysbench's select_random_ranges: a count over ten ranges of k, by its index",
  options: [
    {
      name: 'number-of-ranges',
      type: 'number',
      integer: true,
      default: 10,
      min: 1,
      max: 32767,
      summary: 'ranges in the select',
    },
    { name: 'delta', type: 'number', integer: true, default: 5, min: 0, summary: 'width of each range' },
  ],
  schema: 'sysbench-select',
  scripts: [{ name: 'select_random_ranges', weight: 1, route: 'ro', event: ['random_ranges'] }],
};
