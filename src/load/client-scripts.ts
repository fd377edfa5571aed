import type { Plan } from '../plan/plan.js';
import { statementEncoder } from '../postgres/messages.js';
import type { Program } from '../workload/program.js';
import type { ClientGroup } from './client.js';
import type { ClientScript } from './execution.js';

/** The programs of a run as the clients of a worker execute them. @param programs in the order of plan.workload.scripts */
export function clientScripts(plan: Plan, programs: readonly Program[]): ClientScript[] {
  let firstStatement = 0;
  return programs.map((program, index) => {
    const first = firstStatement;
    firstStatement += program.statements.length;
    const stored = new Set(program.steps.map((step) => (step.op === 'store' ? step.statement : -1)));
    return {
      program,
      encoders: program.statements.map((statement, number) =>
        statementEncoder(statement, first + number, plan.protocol, stored.has(number)),
      ),
      firstStatement: first,
      writes: plan.workload.scripts[index]?.writes ?? true,
      commandOf: commandOfSteps(program),
    };
  });
}

/** What scripts run behind their last transaction. Its statements are those of the script, and so are their names. */
export function closingsOf(scripts: readonly ClientScript[]): ClientGroup['closings'] {
  return scripts.flatMap((script, index) => {
    const { closing } = script.program;
    return closing === undefined
      ? []
      : [{ script: { ...script, program: { ...script.program, steps: closing } }, index }];
  });
}

function commandOfSteps({ steps, commands }: Program): Int32Array {
  const commandOf = new Int32Array(steps.length);
  for (const [index, { step }] of commands.entries()) {
    commandOf.fill(index, step);
  }
  return commandOf;
}
