// @ts-check

/**
 * One account by its number, each time. It only reads, so it runs on the read-only endpoint where there is one.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'select-only',
  summary: "pgbench's select-only: one row by its primary key",
  schema: 'pgbench',
  scripts: [
    {
      name: 'select-only',
      weight: 1,
      route: 'ro',
      text: String.raw`\set aid random(1, 100000 * :scale)
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
`,
    },
  ],
};
