import type pg from 'pg';
import type { Program, ScriptContext, Statement } from '../program.js';
import { RandomStream } from '../random/stream.js';
import { Variables } from '../variables.js';

/** What client `clientId` brings to a program. */
export function contextOf(program: Program, { clientId = 0, clients = 1, seed = 1n } = {}): ScriptContext {
  return {
    clientId,
    clients,
    variables: new Variables(program.slots),
    random: RandomStream.fromSeed(seed),
  };
}

/** Runs the events of a program over a connection of pg, statement by statement. */
export async function execute(
  sql: pg.ClientBase,
  program: Program,
  context: ScriptContext,
  events: number,
): Promise<void> {
  for (let event = 0; event < events; event++) {
    await walk(program, context, (index) => send(sql, program, index, context.variables));
  }
}

/** The steps of one event; `send` is called with the number of each statement that is due. */
export async function walk(
  program: Program,
  context: ScriptContext,
  send: (statement: number) => Promise<unknown> | undefined,
): Promise<void> {
  for (let at = 0; at < program.steps.length; at++) {
    const step = program.steps[at];
    switch (step?.op) {
      case 'compute':
        step.run(context);
        break;
      case 'branch':
        at = step.test(context) ? at : step.otherwise - 1;
        break;
      case 'sql':
        await send(step.statement);
        break;
      case 'sql_of':
        await send(step.first + step.choose(context));
        break;
      default:
        throw new Error(`An event has no step '${step?.op}'.`);
    }
  }
}

export function textOf({ pieces }: Statement, variables: Variables): string {
  return pieces.map((piece) => (typeof piece === 'number' ? variables.text(piece) : piece)).join('');
}

async function send(
  sql: pg.ClientBase,
  program: Program,
  index: number,
  variables: Variables,
): Promise<unknown> {
  const statement = program.statements[index];
  if (statement === undefined) {
    throw new Error(`There is no statement ${index}.`);
  }
  if (statement.simple === true) {
    return sql.query(textOf(statement, variables));
  }
  const values = statement.parameters.map((slot) => variables.text(slot));
  // pg takes the same property for the types of the parameters and for the parsers of the columns.
  const types = Object.assign([...(statement.types ?? [])], { getTypeParser: () => String });
  return sql.query({ name: `s${index}`, text: statement.text, values, types });
}
