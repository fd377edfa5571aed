import type { LedgerMode, Protocol } from '../plan/plan.js';
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
}

type Steps = Pick<Program, 'statements' | 'steps' | 'closing' | 'commands'>;

/**
 * A program whose commits leave a token each, drawn just before the statement that carries it. Where pgbench_history is
 * written, that is its INSERT, with no more than a value added; else one of the script's own statements takes the row of
 * the ledger along (WITH … INSERT), which needs no round trip, and where that cannot be known beforehand, behind a
 * condition or in a pipeline, an INSERT stands before the commit. A transaction of a function has none, nor has one whose
 * begin and commit are one message.
 */
export function withLedger<P extends Steps & { readonly writes: boolean }>(
  program: P,
  build: LedgerBuild,
): { readonly program: P; readonly use: LedgerUse } {
  const none = { program, use: { history: false, rows: false } };
  if (build.mode === 'off' || !program.writes) {
    return none;
  }
  const carriers = new Carriers(program.statements, build);
  const inHistory = build.mode === 'history' && program.statements.some(isHistoryInsert);
  const plan = inHistory ? historyPlan : rowPlan;
  const main = rewrite(program.steps, plan(program.steps, carriers), carriers);
  const closing =
    program.closing === undefined
      ? undefined
      : rewrite(program.closing, plan(program.closing, carriers), carriers);
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

/** What is done at a step: the statement that it sends is replaced by one with a token, or one is sent before it. */
type Change = 'carries' | 'preceded';

// ---- which steps carry a token

function historyPlan(steps: readonly Step[], carriers: Carriers): Map<number, Change> {
  const changes = new Map<number, Change>();
  for (const [index, step] of steps.entries()) {
    const statement = carriers.of(step);
    if (statement !== undefined && isHistoryInsert(statement)) {
      changes.set(index, 'carries');
    }
  }
  return changes;
}

function rowPlan(steps: readonly Step[], carriers: Carriers): Map<number, Change> {
  const isStraight = steps.every(({ op }) => op !== 'branch' && op !== 'jump' && op !== 'pipeline');
  return isStraight ? straightPlan(steps, carriers) : windingPlan(steps, carriers);
}

/** One after the other: what is in a block and what is not is known. */
function straightPlan(steps: readonly Step[], carriers: Carriers): Map<number, Change> {
  const changes = new Map<number, Change>();
  let block: { lastCarrier: number; writes: boolean } | null = null;
  for (const [index, step] of steps.entries()) {
    const statement = carriers.of(step);
    const able = statement !== undefined && canCarry(statement);
    switch (statement?.verb) {
      case 'begin':
        block = { lastCarrier: -1, writes: false };
        break;
      case 'rollback':
        block = null;
        break;
      case 'commit':
        if (block?.writes === true) {
          changes.set(
            block.lastCarrier < 0 ? index : block.lastCarrier,
            block.lastCarrier < 0 ? 'preceded' : 'carries',
          );
        }
        block = null;
        break;
      case 'write':
        if (block !== null) {
          block = { lastCarrier: able ? index : block.lastCarrier, writes: true };
        } else if (able) {
          changes.set(index, 'carries');
        }
        break;
      default:
        break;
    }
  }
  return changes;
}

/** Which way it goes is known only when it runs. */
function windingPlan(steps: readonly Step[], carriers: Carriers): Map<number, Change> {
  const hasBlocks = steps.some((step) => carriers.of(step)?.verb === 'begin');
  const changes = new Map<number, Change>();
  for (const [index, step] of steps.entries()) {
    const statement = carriers.of(step);
    if (statement === undefined) {
      continue;
    }
    if (hasBlocks && statement.verb === 'commit' && !isCompound(statement)) {
      changes.set(index, 'preceded');
    } else if (!hasBlocks && statement.verb === 'write' && canCarry(statement)) {
      changes.set(index, 'carries');
    }
  }
  return changes;
}

const HISTORY_INSERT =
  /^\s*insert\s+into\s+pgbench_history\s*\(\s*tid,\s*bid,\s*aid,\s*delta,\s*mtime\s*\)\s*values\s*\(/i;

/** Statements of pgbench's scripts keep their semicolon. */
const VALUES_END = /\)\s*;?\s*$/;

function isHistoryInsert({ text }: Statement): boolean {
  return HISTORY_INSERT.test(text) && VALUES_END.test(text);
}

/** The whole text of one statement is a value: bulk_insert's. */
function isValue({ text }: Statement): boolean {
  return text === '?';
}

function canCarry(statement: Statement): boolean {
  return (
    isValue(statement) ||
    (/^\s*(insert|update|delete|select)\b/i.test(statement.text) && !isCompound(statement))
  );
}

function isCompound({ text }: Statement): boolean {
  return text.replace(/;\s*$/, '').includes(';');
}

// ---- the new steps

/** Inserts steps, and moves what leads to a step to the first of those that stand before it now. */
function rewrite(
  steps: readonly Step[],
  changes: ReadonlyMap<number, Change>,
  carriers: Carriers,
): { readonly steps: readonly Step[]; readonly moved: readonly number[]; readonly draws: number } {
  const moved: number[] = [];
  const written: Step[] = [];
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
  }
  moved.push(written.length);
  return { steps: written.map((step) => redirected(step, moved)), moved, draws: changes.size };
}

const DRAW: Step = { op: 'compute', run: ({ ledger }) => ledger?.draw() };

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
    const inHistory = this.build.mode === 'history' && isHistoryInsert(statement);
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
