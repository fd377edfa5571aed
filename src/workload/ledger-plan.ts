import { UserError } from '../errors.js';
import type { LedgerMode, WorkloadPlan } from '../plan/plan.js';
import { type CompileContext, compilePrograms } from './compile.js';
import type { LedgerUse } from './ledger-steps.js';

/** What the ledger of a run is like. */
export interface LedgerPlan {
  readonly mode: LedgerMode;
  readonly use: LedgerUse;
  /** Scripts that write, and whose commits leave no token. */
  readonly uncovered: readonly string[];
}

/**
 * The ledger of a run. Where nothing was said there is one if a fault is planned, or if it costs nothing: in the unused
 * column of pgbench_history. A run without a fault that compares with sysbench is not made to write rows.
 * @param wanted undefined when nothing was said
 * @throws UserError when one was asked for that there cannot be
 */
export async function planLedger(
  wanted: LedgerMode | undefined,
  workload: WorkloadPlan,
  context: CompileContext,
  hasFaults: boolean,
): Promise<LedgerPlan> {
  const off: LedgerPlan = { mode: 'off', use: { history: false, rows: false }, uncovered: [] };
  if (wanted === 'off') {
    return off;
  }
  const mode = wanted ?? 'history';
  const programs = await compilePrograms(workload.scripts, { ...context, ledger: mode });
  const used = programs.filter((_, index) => (workload.scripts[index]?.weight ?? 0) > 0);
  const use = {
    history: used.some(({ tokens }) => tokens.history),
    rows: used.some(({ tokens }) => tokens.rows),
  };
  if (!use.history && !use.rows) {
    if (wanted === undefined) {
      return off;
    }
    throw new UserError(
      `--ledger: ${workload.name} has no commit that a token could be put into.`,
      'Leave it out, or use --ledger off.',
    );
  }
  if (wanted === undefined && use.rows && !hasFaults) {
    return off;
  }
  const uncovered = workload.scripts
    .filter(({ weight, writes, route }, index) => {
      const { history = false, rows = false } = programs[index]?.tokens ?? {};
      return weight > 0 && writes && route !== 'ro' && !history && !rows;
    })
    .map(({ name }) => name);
  return { mode, use, uncovered };
}
