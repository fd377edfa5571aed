// @ts-check

/**
 * tpcb without the updates of tellers and branches, which all transactions meet on: it measures writes rather than
 * locks.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'simple-update',
  summary: "pgbench's simple-update: an update, a select and an insert in one transaction",
  schema: 'pgbench',
  scripts: [
    {
      name: 'simple-update',
      weight: 1,
      route: 'rw',
      text: String.raw`\set aid random(1, 100000 * :scale)
\set bid random(1, 1 * :scale)
\set tid random(1, 10 * :scale)
\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
`,
    },
  ],
};
