// @ts-check

/**
 * pgbench's default script, of which it says that it is "loosely based" on TPC-B: each transaction moves an amount
 * at one account, its teller and its branch, and records it. All transactions meet on the branches, so with few
 * branches it measures locks.
 *
 * @type {import('pgha-bench').WorkloadDefinition}
 */
export default {
  name: 'tpcb',
  aliases: ['tpcb-like'],
  summary: "pgbench's tpcb-like: three updates, a select and an insert in one transaction",
  schema: 'pgbench',
  scripts: [
    {
      name: 'tpcb',
      weight: 1,
      route: 'rw',
      text: String.raw`\set aid random(1, 100000 * :scale)
\set bid random(1, 1 * :scale)
\set tid random(1, 10 * :scale)
\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
`,
    },
  ],
};
