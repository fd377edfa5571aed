import type pg from 'pg';
import { messageOf } from '../errors.js';
import type { Invariant } from '../result/commits.js';

/** The four sums that a transaction of tpcb adds the same delta to. */
export interface TpcbSums {
  readonly accounts: number;
  readonly tellers: number;
  readonly branches: number;
  readonly history: number;
}

/** The sums at one instant; or why they are not known, one sentence. */
export type TpcbState =
  | { readonly kind: 'sums'; readonly sums: TpcbSums }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Some 650 MB: what a server reads in seconds. */
const MOST_ACCOUNTS = 5_000_000;

/**
 * Reads the sums in one snapshot. Before the load, and after the tables were made ready for it, they are the base of
 * {@link tpcbInvariants}: pgbench empties the history before each run and leaves the balances as they are.
 */
export async function tpcbSums(sql: pg.ClientBase, mostAccounts: number = MOST_ACCOUNTS): Promise<TpcbState> {
  try {
    const { rows: sizes } = await sql.query<{ accounts: string | null }>(
      'SELECT max(aid)::text AS accounts FROM pgbench_accounts',
    );
    if (Number(sizes[0]?.accounts ?? 0) > mostAccounts) {
      return unknown(
        `The sums of the four tables were not compared: more than ${mostAccounts} accounts would have to be read.`,
      );
    }
    const { rows } = await sql.query<Record<keyof TpcbSums, string>>(
      `SELECT (SELECT coalesce(sum(abalance), 0)::text FROM pgbench_accounts) AS accounts,
         (SELECT coalesce(sum(tbalance), 0)::text FROM pgbench_tellers) AS tellers,
         (SELECT coalesce(sum(bbalance), 0)::text FROM pgbench_branches) AS branches,
         (SELECT coalesce(sum(delta), 0)::text FROM pgbench_history) AS history`,
    );
    const { accounts, tellers, branches, history } = rows[0] ?? {};
    return {
      kind: 'sums',
      sums: {
        accounts: Number(accounts),
        tellers: Number(tellers),
        branches: Number(branches),
        history: Number(history),
      },
    };
  } catch (error) {
    return unknown(`The sums of the four tables were not compared: ${messageOf(error)}.`);
  }
}

/** Whether what was added to the balances since the base is what the history tells. */
export function tpcbInvariants(base: TpcbSums, now: TpcbSums): readonly Invariant[] {
  const added = now.history - base.history;
  return (
    [
      ['pgbench_accounts.abalance', now.accounts - base.accounts],
      ['pgbench_tellers.tbalance', now.tellers - base.tellers],
      ['pgbench_branches.bbalance', now.branches - base.branches],
    ] as const
  ).map(([column, change]) => ({
    name: `sum of ${column} = sum of pgbench_history.delta`,
    holds: change === added,
    found: `in this run the former changed by ${change}, the latter by ${added}`,
  }));
}

function unknown(reason: string): TpcbState {
  return { kind: 'unknown', reason };
}
