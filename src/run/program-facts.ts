import type { Recording } from '../analysis/recording.js';
import type { Plan } from '../plan/plan.js';
import { compilePrograms } from '../workload/compile.js';
import { type StatementCount, statementCount } from '../workload/statement-count.js';

/** What only the compiled scripts of a plan tell, one entry of each script. */
export interface ProgramFacts {
  /** Frames hold only figures of them; empty unless they are measured. */
  readonly commands: Recording['commands'];
  readonly statements: readonly StatementCount[];
}

/** Compiles the scripts as the workers do. @throws ScriptError for whatever is wrong in a script */
export async function programFacts(plan: Plan): Promise<ProgramFacts> {
  const { workload, protocol, seed, perCommand, ledger } = plan;
  const programs = await compilePrograms(workload.scripts, { ...workload, protocol, seed, ledger });
  return {
    commands: perCommand ? programs.map((program) => program.commands) : [],
    statements: programs.map(statementCount),
  };
}
