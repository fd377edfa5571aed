import type { LedgerMode, Protocol } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import {
  type Changes,
  commitsKeepAll,
  endsInRollback,
  historyChanges,
  isCompound,
  isHistoryInsert,
  rowChanges,
  VALUES_END,
  writesSurely,
} from './ledger-changes.js';
import { LEDGER_TABLE } from './ledger-token.js';
import type { Program, Statement, Step } from './program.js';
import type { Slots } from './variables.js';

/** The variable that holds the token: no script can name it, for there is a point in it. */
export const TOKEN_VARIABLE = 'ledger.token';

/** Where the tokens of a script's commits go. */
export interface LedgerUse {
  /** Into the unused column of pgbench_history. */
  readonly history: boolean;
  /** Into rows of the ledger's own table. */
  readonly rows: boolean;
}

export interface LedgerBuild {
  readonly mode: LedgerMode;
  readonly slots: Slots;
  readonly protocol: Protocol;
  /** Where the script is sent, where that is known: what a standby answers writes nothing. */
  readonly route?: Route | undefined;
}

type Steps = Pick<Program, 'statements' | 'steps' | 'closing' | 'commands'>;

/**
 * A program whose commits leave a token each, drawn just before the statement that carries it. Where pgbench_history is
 * written, that is its INSERT, with no more than a value added; else one of the script's own statements takes the row of
 * the ledger along (WITH … INSERT), which needs no round trip, and where that cannot be known beforehand, behind a
 * condition or in a pipeline, an INSERT stands before the commit. A transaction of a function has none, nor has one whose
 * begin and commit are one message, nor one that is only read: by its route, by its BEGIN, or because all that may write in
 * it are functions that queries call.
 */
export function withLedger<P extends Steps & { readonly writes: boolean }>(
  program: P,
  build: LedgerBuild,
): { readonly program: P; readonly use: LedgerUse } {
  const none = { program, use: { history: false, rows: false } };
  const { statements } = program;
  if (build.mode === 'off' || build.route === 'ro' || !program.writes || !writesSurely(statements)) {
    return none;
  }
  const inHistory =
    build.mode === 'history' && statements.some(isHistoryInsert) && commitsKeepAll(statements);
  const carriers = new Carriers(statements, build, inHistory);
  const changesOf = inHistory ? historyChanges : rowChanges;
  const rewritten = (steps: readonly Step[]) =>
    rewrite(
      steps,
      changesOf(steps, (step) => carriers.of(step)),
      carriers,
    );
  const main = rewritten(program.steps);
  const closing = program.closing === undefined ? undefined : rewritten(program.closing);
  if (main.draws === 0 && (closing?.draws ?? 0) === 0) {
    return none;
  }
  return {
    program: {
      ...program,
      statements: carriers.statements,
      steps: main.steps,
      ...(closing === undefined ? {} : { closing: closing.steps }),
      commands: program.commands.map((command) => ({
        ...command,
        step: main.moved[command.step] ?? command.step,
      })),
    },
    use: { history: inHistory, rows: !inHistory },
  };
}

// ---- the new steps

/**
 * Inserts steps: what gives a commit its token, and behind a rollback what settles the tokens that it took back. Moves what
 * leads to a step to the first of those that stand before it now.
 */
function rewrite(
  steps: readonly Step[],
  changes: Changes,
  carriers: Carriers,
): { readonly steps: readonly Step[]; readonly moved: readonly number[]; readonly draws: number } {
  const moved: number[] = [];
  const written: Step[] = [];
  const isPiped = steps.some(({ op }) => op === 'pipeline');
  for (const [index, step] of steps.entries()) {
    moved.push(written.length);
    const change = changes.get(index);
    if (change !== undefined) {
      written.push(DRAW);
    }
    if (change === 'preceded') {
      written.push({ op: 'sql', statement: carriers.row() });
    }
    written.push(change === 'carries' ? carriers.carrying(step) : step);
    const statement = carriers.of(step);
    if (statement !== undefined && endsInRollback(statement)) {
      written.push(isPiped || isCompound(statement) ? DOUBT : ABORT);
    }
  }
  moved.push(written.length);
  return { steps: written.map((step) => redirected(step, moved)), moved, draws: changes.size };
}

const DRAW: Step = { op: 'compute', run: ({ ledger }) => ledger?.draw() };

/** Else the next commit would acknowledge what was rolled back. */
const ABORT: Step = { op: 'compute', run: ({ ledger }) => ledger?.abort() };

/** Among several statements of a message or a pipeline, some that were sent before it may be committed. */
const DOUBT: Step = { op: 'compute', run: ({ ledger }) => ledger?.doubt() };

function redirected(step: Step, moved: readonly number[]): Step {
  switch (step.op) {
    case 'branch':
      return { ...step, otherwise: moved[step.otherwise] ?? step.otherwise };
    case 'jump':
      return { ...step, to: moved[step.to] ?? step.to };
    default:
      return step;
  }
}

/** The statements of a program, and their copies with a token. */
class Carriers {
  readonly statements: Statement[];
  private readonly copies = new Map<number, number>();
  private rowStatement: number | undefined;
  private readonly slot: number;

  constructor(
    statements: readonly Statement[],
    private readonly build: LedgerBuild,
    private readonly inHistory: boolean,
  ) {
    this.statements = [...statements];
    this.slot = build.slots.of(TOKEN_VARIABLE);
  }

  /** What the step sends; of several, the first. */
  of(step: Step): Statement | undefined {
    switch (step.op) {
      case 'sql':
      case 'store':
        return this.statements[step.statement];
      case 'sql_of':
        return this.statements[step.first];
      default:
        return undefined;
    }
  }

  carrying(step: Step): Step {
    switch (step.op) {
      case 'sql':
      case 'store':
        return { ...step, statement: this.copyOf(step.statement, 1) };
      case 'sql_of':
        return { ...step, first: this.copyOf(step.first, step.count) };
      default:
        throw new Error(`A step '${step.op}' sends nothing that could carry a token.`);
    }
  }

  /** A row of the ledger, as a statement of its own. */
  row(): number {
    this.rowStatement ??=
      this.statements.push(
        this.build.protocol === 'simple'
          ? { text: ROW, pieces: [`${ROW}('`, this.slot, "')"], parameters: [], verb: 'write' }
          : { text: `${ROW}($1)`, pieces: [], parameters: [this.slot], verb: 'write' },
      ) - 1;
    return this.rowStatement;
  }

  private copyOf(first: number, count: number): number {
    const known = this.copies.get(first);
    if (known !== undefined) {
      return known;
    }
    const copy = this.statements.length;
    for (let index = first; index < first + count; index++) {
      this.statements.push(this.withToken(this.statements[index] as Statement));
    }
    this.copies.set(first, copy);
    return copy;
  }

  private withToken(statement: Statement): Statement {
    const inHistory = this.inHistory && isHistoryInsert(statement);
    if (statement.simple === true || this.build.protocol === 'simple') {
      return { ...statement, pieces: inHistory ? this.historyPieces(statement) : this.rowPieces(statement) };
    }
    const number = `$${statement.parameters.length + 1}`;
    const text = inHistory
      ? historyText(statement.text, number)
      : `${WITH}${ROW}(${number})) ${statement.text}`;
    return {
      ...statement,
      text,
      parameters: [...statement.parameters, this.slot],
      ...(statement.types === undefined ? {} : { types: [...statement.types, TEXT_OID] }),
    };
  }

  private rowPieces({ pieces, text }: Statement): Statement['pieces'] {
    return [`${WITH}${ROW}('`, this.slot, "')) ", ...(pieces.length === 0 ? [text] : pieces)];
  }

  /** The name of the column stands in the first piece, and the end of the values in the last. */
  private historyPieces({ pieces, text }: Statement): Statement['pieces'] {
    const parts = pieces.length === 0 ? [text] : [...pieces];
    const [first] = parts;
    if (typeof first === 'string') {
      parts[0] = withFiller(first);
    }
    const last = parts.at(-1);
    if (typeof last === 'string') {
      parts[parts.length - 1] = last.replace(VALUES_END, ", '");
      return [...parts, this.slot, "')"];
    }
    return [...parts, ", '", this.slot, "')"];
  }
}

const WITH = 'WITH pgha_bench_token AS (';
const ROW = `INSERT INTO ${LEDGER_TABLE} (token) VALUES `;
const TEXT_OID = 25;

function withFiller(head: string): string {
  return head.replace(/mtime(\s*)\)/i, 'mtime, filler$1)');
}

function historyText(text: string, parameter: string): string {
  return withFiller(text).replace(VALUES_END, `, ${parameter})`);
}
