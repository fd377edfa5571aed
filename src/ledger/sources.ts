import { LEDGER_TABLE } from '../workload/ledger-token.js';

/** Where tokens of a run lie: in the rows that the workload inserts anyway, or in rows of their own. A run may have both. */
export type TokenSource = 'history' | 'rows';

export const TOKEN_COLUMNS: Readonly<
  Record<TokenSource, { readonly table: string; readonly column: string }>
> = {
  history: { table: 'pgbench_history', column: 'filler' },
  rows: { table: LEDGER_TABLE, column: 'token' },
};

/** Where the tokens of a run lie. */
export function sourcesOf({
  use,
}: {
  readonly use: { readonly history: boolean; readonly rows: boolean };
}): readonly TokenSource[] {
  return [...(use.history ? (['history'] as const) : []), ...(use.rows ? (['rows'] as const) : [])];
}
