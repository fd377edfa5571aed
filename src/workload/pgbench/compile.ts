import type { Protocol } from '../../plan/plan.js';
import {
  type Program,
  type ProgramCommand,
  type ScriptContext,
  ScriptFailure,
  type Statement,
  type Step,
} from '../program.js';
import { DOUBLE, INTEGER, UNSET, type Value } from '../value.js';
import { Slots } from '../variables.js';
import type { CompileOptions } from '../workload.js';
import type { Evaluate } from './call.js';
import { isTrue } from './coerce.js';
import { type Command, parseScript, type Word } from './commands.js';
import { compileExpression, type Scope } from './evaluate.js';
import type { Expression } from './expression.js';
import { LineIndex, locate, ScriptError, type ScriptSource } from './script-error.js';
import { compileShellCommand } from './shell.js';
import { substitute } from './substitute.js';
import { holdsWrite, verbOf } from './verb.js';

export interface CompiledScript extends Program {
  /** Whether a lost reply to the script can leave a commit in doubt. */
  readonly writes: boolean;
}

/** Variables that every run sets, whatever the user does. */
export const AUTOMATIC_VARIABLES = ['scale', 'client_id', 'random_seed', 'default_seed'] as const;

/** Compiles one script. Throws {@link ScriptError} for whatever is wrong in it. */
export function compileScript(source: ScriptSource, options: CompileOptions): CompiledScript {
  const [script] = compileScripts([source], options);
  if (script === undefined) {
    throw new Error('One script went in and none came out.');
  }
  return script;
}

/**
 * Compiles the scripts of one run. They share their variables, as in pgbench: what one script sets is there for the
 * next of the same client, whichever that is. So all programs have the same slots.
 */
export function compileScripts(
  sources: readonly ScriptSource[],
  options: CompileOptions,
): readonly CompiledScript[] {
  const parsed = sources.map((source) => ({ source, commands: parseScript(source) }));
  const names = new VariableNames(
    parsed.flatMap(({ commands }) => commands),
    options.variables,
    options.slots ?? new Slots(),
  );
  const programs = parsed.map(({ source, commands }, index) =>
    new Compiler(source, index, options.protocol, names).compile(commands),
  );
  return programs;
}

/** Which variables there are, and the slot of each that is used. */
class VariableNames {
  private readonly settable = new Set<string>();
  private readonly prefixes: string[] = [];

  constructor(
    commands: readonly Command[],
    given: readonly string[],
    private readonly slots: Slots,
  ) {
    for (const name of given) {
      this.settable.add(name);
      slots.of(name);
    }
    for (const name of AUTOMATIC_VARIABLES) {
      this.settable.add(name);
    }
    for (const command of commands) {
      if ((command.kind === 'set' || command.kind === 'shell') && command.variable !== undefined) {
        this.settable.add(command.variable);
      } else if (command.kind === 'sql' && command.store !== undefined) {
        this.prefixes.push(command.store.prefix);
      }
    }
  }

  /** Slot of a variable that something sets; undefined for one that nothing does. */
  known(name: string): number | undefined {
    // Which columns \gset will find is not known before it runs.
    const settable = this.settable.has(name) || this.prefixes.some((prefix) => name.startsWith(prefix));
    return settable ? this.slots.of(name) : undefined;
  }

  /** Slots that a column may go to, by name; complete when all scripts are compiled. */
  get all(): ReadonlyMap<string, number> {
    return this.slots.all;
  }

  /** In the order of their slots. */
  get inOrder(): readonly string[] {
    return this.slots.names;
  }
}

interface OpenCondition {
  /** The branch that leads to the next \elif, \else or \endif. */
  pending: number | undefined;
  /** Jumps that lead behind \endif. */
  readonly exits: number[];
}

class Compiler {
  private readonly statements: Statement[] = [];
  private readonly steps: Step[] = [];
  private readonly conditions: OpenCondition[] = [];
  private readonly pipeline: PipelineCheck;

  constructor(
    private readonly source: ScriptSource,
    private readonly index: number,
    private readonly protocol: Protocol,
    private readonly names: VariableNames,
  ) {
    this.pipeline = new PipelineCheck(source);
  }

  compile(parsed: readonly Command[]): CompiledScript {
    const commands: ProgramCommand[] = [];
    const lines = new LineIndex(this.source.text);
    for (const [index, command] of parsed.entries()) {
      const { line, text, column } = lines.locate(command.at);
      commands.push({ step: this.steps.length, line, text: text.slice(column - 1) });
      this.command(command, index);
    }
    this.pipeline.atEnd();
    const { statements, steps } = this;
    const writes = parsed.some((command) => command.kind === 'sql' && holdsWrite(command.sql.tokens));
    return { slots: this.names.inOrder, statements, steps, commands, writes };
  }

  private command(command: Command, index: number): void {
    switch (command.kind) {
      case 'sql':
        this.sql(command);
        break;
      case 'set':
        this.set(command, this.scope(index));
        break;
      case 'if':
        this.conditions.push({ pending: undefined, exits: [] });
        this.branch(command.expression, this.scope(index));
        break;
      case 'elif':
        this.leaveArm();
        this.branch(command.expression, this.scope(index));
        break;
      case 'else':
        this.leaveArm();
        break;
      case 'endif':
        this.endCondition();
        break;
      case 'sleep':
        this.sleep(command);
        break;
      case 'shell':
        this.shell(command);
        break;
      case 'pipeline':
        this.pipelineStep(command);
        break;
    }
  }

  private scope(index: number): Scope {
    return {
      source: this.source,
      // pgbench counts commands from 1 and scripts from 0.
      debugLabel: `debug(script=${this.index},command=${index + 1})`,
      slotOf: (name, at) => this.slotOf(name, at),
    };
  }

  private sql(command: Extract<Command, { kind: 'sql' }>): void {
    const { sql, store } = command;
    if (command.compound && this.protocol !== 'simple') {
      throw this.error(
        command.at,
        `\\; joins statements for the simple protocol only, not for ${this.protocol}`,
      );
    }
    const statement =
      this.statements.push({
        ...substitute(this.source, sql, this.protocol, { slotOf: (name) => this.names.known(name) }),
        verb: verbOf(sql.tokens),
      }) - 1;
    if (store === undefined) {
      this.steps.push({ op: 'sql', statement });
      return;
    }
    this.pipeline.refuseStore(store.at);
    const { rows, prefix } = store;
    this.steps.push({ op: 'store', statement, rows, prefix, slots: this.names.all });
  }

  private set(command: Extract<Command, { kind: 'set' }>, scope: Scope): void {
    const evaluate = compileExpression(command.expression, scope);
    const slot = this.slotOf(command.variable, command.at);
    this.steps.push({ op: 'compute', run: assignment(slot, evaluate) });
  }

  /** What follows runs if the condition holds; where else to go is known at the next \elif, \else or \endif. */
  private branch(expression: Expression, scope: Scope): void {
    const evaluate = compileExpression(expression, scope);
    const condition = this.conditions.at(-1);
    if (condition !== undefined) {
      condition.pending = this.steps.length;
    }
    this.steps.push({ op: 'branch', test: (context) => isTrue(evaluate(context)), otherwise: -1 });
    this.pipeline.enter();
  }

  private leaveArm(): void {
    const condition = this.conditions.at(-1);
    condition?.exits.push(this.steps.length);
    this.steps.push({ op: 'jump', to: -1 });
    this.resolvePending(condition);
    this.pipeline.leave();
    this.pipeline.enter();
  }

  private endCondition(): void {
    const condition = this.conditions.pop();
    this.resolvePending(condition);
    for (const exit of condition?.exits ?? []) {
      this.steps[exit] = { op: 'jump', to: this.steps.length };
    }
    this.pipeline.leave();
  }

  private resolvePending(condition: OpenCondition | undefined): void {
    const pending = condition?.pending;
    const step = pending === undefined ? undefined : this.steps[pending];
    if (pending !== undefined && step?.op === 'branch') {
      this.steps[pending] = { ...step, otherwise: this.steps.length };
    }
    if (condition !== undefined) {
      condition.pending = undefined;
    }
  }

  private sleep(command: Extract<Command, { kind: 'sleep' }>): void {
    const { amount, unit } = command;
    if (typeof amount === 'number') {
      this.steps.push({ op: 'sleep', microseconds: () => amount * unit });
      return;
    }
    const slot = this.slotOf(amount.variable, amount.at);
    const fail = (problem: string): never => this.failure(amount.at, problem);
    const { variable } = amount;
    this.steps.push({
      op: 'sleep',
      microseconds: ({ variables }) => sleepAmount(variables.cell(slot), variable, fail) * unit,
    });
  }

  private shell(command: Extract<Command, { kind: 'shell' }>): void {
    const run = compileShellCommand(
      command.words,
      (word, name) => this.slotOf(name, word.at),
      (word: Word, problem) => this.failure(word.at, problem),
    );
    const slot = command.variable === undefined ? -1 : this.slotOf(command.variable, command.at);
    this.steps.push({ op: 'shell', command: run, slot });
  }

  private pipelineStep(command: Extract<Command, { kind: 'pipeline' }>): void {
    if (this.protocol === 'simple') {
      throw this.error(command.at, 'a pipeline needs the extended or prepared protocol, not simple');
    }
    this.pipeline.step(command);
    this.steps.push({ op: 'pipeline', action: command.action });
  }

  private slotOf(name: string, at: number): number {
    const slot = this.names.known(name);
    if (slot === undefined) {
      throw this.error(at, `nothing sets the variable "${name}"`);
    }
    return slot;
  }

  private error(at: number, problem: string): ScriptError {
    return new ScriptError(this.source, at, problem);
  }

  private failure(at: number, problem: string): never {
    const { line, column } = locate(this.source.text, at);
    throw new ScriptFailure(`${this.source.name}:${line}:${column}: ${problem}`);
  }
}

function assignment(slot: number, evaluate: Evaluate): (context: ScriptContext) => void {
  return (context) => {
    context.variables.cell(slot).assign(evaluate(context));
  };
}

function sleepAmount(cell: Value, name: string, fail: (problem: string) => never): number {
  switch (cell.kind) {
    case INTEGER:
      return cell.number;
    case DOUBLE:
      // pgbench reads the digits at the beginning of the text.
      return Math.trunc(cell.number);
    case UNSET:
      return fail(`the variable "${name}" is not set`);
    default: {
      const digits = /^\s*[-+]?\d+/.exec(`${cell}`)?.[0];
      return digits === undefined ? fail(`"${name}" is no time to sleep: "${cell}"`) : Number(digits);
    }
  }
}

/**
 * Follows \startpipeline … \endpipeline through the script. Within a condition it may or may not have begun; what
 * then goes wrong is found when it runs.
 */
class PipelineCheck {
  private state: 'off' | 'on' | 'unknown' = 'off';
  private startedAt = 0;
  /** State before each open condition, to see whether an arm changes it. */
  private readonly before: ('off' | 'on' | 'unknown')[] = [];

  constructor(private readonly source: ScriptSource) {}

  enter(): void {
    this.before.push(this.state);
  }

  leave(): void {
    const before = this.before.pop();
    if (before !== undefined && before !== this.state) {
      this.state = 'unknown';
    }
  }

  step({ action, at }: Extract<Command, { kind: 'pipeline' }>): void {
    if (action === 'start') {
      if (this.state === 'on') {
        throw new ScriptError(this.source, at, 'a pipeline has already begun');
      }
      this.state = 'on';
      this.startedAt = at;
      return;
    }
    if (this.state === 'off') {
      throw new ScriptError(this.source, at, `\\${action}pipeline has no \\startpipeline`);
    }
    if (action === 'end') {
      this.state = 'off';
    }
  }

  refuseStore(at: number): void {
    if (this.state === 'on') {
      throw new ScriptError(this.source, at, 'a result cannot be stored within a pipeline');
    }
  }

  atEnd(): void {
    if (this.state === 'on') {
      throw new ScriptError(this.source, this.startedAt, '\\startpipeline has no \\endpipeline');
    }
  }
}
