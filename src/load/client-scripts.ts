import type { Plan } from '../plan/plan.js';
import { type StatementEncoder, statementEncoder } from '../postgres/messages.js';
import type { Program, Statement } from '../workload/program.js';

/** Of what only reads, or begins, or rolls back. */
export const NO_COMMIT = 0;
/** Of a COMMIT. */
export const ALWAYS = 1;
/** Of what writes, and commits itself where no transaction is open. */
export const OUTSIDE_BLOCK = 2;

/** A script as the clients of a worker share it. */
export interface ClientScript {
  readonly program: Program;
  readonly encoders: readonly StatementEncoder[];
  /** Number of this script's first statement among those of all scripts: names of prepared statements must differ. */
  readonly firstStatement: number;
  readonly writes: boolean;
  /** Of each statement, when its reply decides over a commit: one of NO_COMMIT, ALWAYS and OUTSIDE_BLOCK. */
  readonly commits: Uint8Array;
  /** Index of the command that each step belongs to. */
  readonly commandOf: Int32Array;
}

/** What a script has to do behind the last transaction of each client, and which script that is. */
export interface Closing {
  readonly script: ClientScript;
  readonly index: number;
}

/** The programs of a run as the clients of a worker execute them. @param programs in the order of plan.workload.scripts */
export function clientScripts(plan: Plan, programs: readonly Program[]): ClientScript[] {
  let firstStatement = 0;
  return programs.map((program, index) => {
    const first = firstStatement;
    firstStatement += program.statements.length;
    const stored = new Set(program.steps.map((step) => (step.op === 'store' ? step.statement : -1)));
    const writes = plan.workload.scripts[index]?.writes ?? true;
    return {
      program,
      encoders: program.statements.map((statement, number) =>
        statementEncoder(statement, first + number, plan.protocol, stored.has(number)),
      ),
      firstStatement: first,
      writes,
      commits: Uint8Array.from(program.statements, (statement) =>
        writes ? commitsOf(statement) : NO_COMMIT,
      ),
      commandOf: commandOfSteps(program),
    };
  });
}

/** What scripts run behind their last transaction. Its statements are those of the script, and so are their names. */
export function closingsOf(scripts: readonly ClientScript[]): Closing[] {
  return scripts.flatMap((script, index) => {
    const { closing } = script.program;
    return closing === undefined
      ? []
      : [{ script: { ...script, program: { ...script.program, steps: closing } }, index }];
  });
}

/** When the reply to a statement of a script that writes decides over a commit. */
export function commitsOf({ verb }: Statement): number {
  switch (verb) {
    case 'commit':
      return ALWAYS;
    case 'write':
      return OUTSIDE_BLOCK;
    default:
      return NO_COMMIT;
  }
}

function commandOfSteps({ steps, commands }: Program): Int32Array {
  const commandOf = new Int32Array(steps.length);
  for (const [index, { step }] of commands.entries()) {
    commandOf.fill(index, step);
  }
  return commandOf;
}
