/**
 * The token of one commit, `RUN.CLIENT.SEQ`: the run's id of 8 hexadecimal digits, the client, and how many tokens that
 * client has drawn, this one included; both decimal. It fits into the filler of pgbench_history, a char(22), for as many
 * transactions as a run can have: a single client has 10^11 of them, each of 100,000 has 10^7.
 */
export interface Token {
  readonly client: number;
  readonly seq: number;
}

/** The first part and the point behind it: what the tokens of a run have in common. */
export function tokenPrefix(runId: string): string {
  return `${runId}.`;
}

/** Null for what is no token of this run; blanks at the end are those of a char(22). */
export function parseToken(text: string, runId: string): Token | null {
  const prefix = tokenPrefix(runId);
  if (!text.startsWith(prefix)) {
    return null;
  }
  const match = /^(\d+)\.(\d+) *$/.exec(text.slice(prefix.length));
  return match === null ? null : { client: Number(match[1]), seq: Number(match[2]) };
}

/** Where tokens go that no table of the workload has room for. */
export const LEDGER_TABLE = 'pgha_bench_ledger';
