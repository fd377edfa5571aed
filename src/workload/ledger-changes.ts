import type { Statement, Step } from './program.js';

// Which steps of a program carry the token of a commit. Wrong ones would accuse the database of losses that were none,
// so that a commit of which it is not certain that it takes the token along has none.

/** What is done at a step: the statement that it sends is replaced by one with a token, or one is sent before it. */
export type Change = 'carries' | 'preceded';

export type Changes = ReadonlyMap<number, Change>;

/** What a step sends; of several, the first. */
export type StatementOf = (step: Step) => Statement | undefined;

/** Every INSERT into pgbench_history. */
export function historyChanges(steps: readonly Step[], of: StatementOf): Changes {
  const changes = new Map<number, Change>();
  for (const [index, step] of steps.entries()) {
    const statement = of(step);
    if (statement !== undefined && isHistoryInsert(statement)) {
      changes.set(index, 'carries');
    }
  }
  return changes;
}

/** What takes a row of the ledger along. */
export function rowChanges(steps: readonly Step[], of: StatementOf): Changes {
  const isStraight = steps.every(({ op }) => op !== 'branch' && op !== 'jump' && op !== 'pipeline');
  return isStraight ? straightChanges(steps, of) : windingChanges(steps, of);
}

/**
 * Whether each commit of the statements keeps all that its transaction has inserted: neither is a part of it rolled
 * back, nor is it only prepared.
 */
export function commitsKeepAll(statements: readonly Statement[]): boolean {
  return !statements.some((statement) => rollsBackTo(statement) || preparesOnly(statement));
}

/** Whether anything is surely written: a query that calls a function may do no more than look up. */
export function writesSurely(statements: readonly Statement[]): boolean {
  return statements.some((statement) => statement.verb === 'write' && !isQuery(statement));
}

interface Block {
  /** The last step that can carry and is not rolled back, -1 for none; of queries only where there is no other. */
  carrier: number;
  query: number;
  /** Something that is no query does. */
  writes: boolean;
  readonly readOnly: boolean;
}

/** One after the other: what is in a block and what is not is known. */
function straightChanges(steps: readonly Step[], of: StatementOf): Changes {
  const changes = new Map<number, Change>();
  let block: Block | null = null;
  for (const [index, step] of steps.entries()) {
    const statement = of(step);
    if (statement === undefined) {
      continue;
    }
    if (block !== null && rollsBackTo(statement)) {
      block.carrier = -1;
      block.query = -1;
    }
    switch (statement.verb) {
      case 'begin':
        block = newBlock(isReadOnly(statement));
        break;
      case 'rollback':
        block = nextBlock(block, statement);
        break;
      case 'commit':
        if (block?.writes === true && !block.readOnly && !preparesOnly(statement)) {
          changeAtCommit(changes, block, index);
        }
        block = nextBlock(block, statement);
        break;
      case 'write':
        enterWrite(changes, block, statement, index);
        break;
      default:
        break;
    }
  }
  return changes;
}

function newBlock(readOnly = false): Block {
  return { carrier: -1, query: -1, writes: false, readOnly };
}

/** Behind the end of one; that of AND CHAIN is like the one before it. */
function nextBlock(block: Block | null, end: Statement): Block | null {
  return chains(end) ? newBlock(block?.readOnly) : null;
}

function changeAtCommit(changes: Map<number, Change>, { carrier, query }: Block, index: number): void {
  const best = carrier < 0 ? query : carrier;
  if (best < 0) {
    changes.set(index, 'preceded');
  } else {
    changes.set(best, 'carries');
  }
}

function enterWrite(
  changes: Map<number, Change>,
  block: Block | null,
  statement: Statement,
  index: number,
): void {
  const able = canCarry(statement);
  const query = isQuery(statement);
  if (block === null) {
    if (able && !query) {
      changes.set(index, 'carries');
    }
    return;
  }
  block.writes ||= !query;
  if (able && query) {
    block.query = index;
  } else if (able) {
    block.carrier = index;
  }
}

/** Which way it goes is known only when it runs, and so is which begin belongs to a commit. */
function windingChanges(steps: readonly Step[], of: StatementOf): Changes {
  const begins = steps.map(of).filter((statement) => statement?.verb === 'begin');
  const hasBlocks = begins.length > 0;
  const changes = new Map<number, Change>();
  if (begins.some((statement) => statement !== undefined && isReadOnly(statement))) {
    return changes;
  }
  for (const [index, step] of steps.entries()) {
    const statement = of(step);
    if (statement === undefined) {
      continue;
    }
    const { verb } = statement;
    if (hasBlocks && verb === 'commit' && !isCompound(statement) && !preparesOnly(statement)) {
      changes.set(index, 'preceded');
    } else if (!hasBlocks && verb === 'write' && canCarry(statement) && !isQuery(statement)) {
      changes.set(index, 'carries');
    }
  }
  return changes;
}

// ---- what a statement is, by its text

const HISTORY_INSERT =
  /^\s*insert\s+into\s+pgbench_history\s*\(\s*tid,\s*bid,\s*aid,\s*delta,\s*mtime\s*\)\s*values\s*\(/i;

/** Statements of pgbench's scripts keep their semicolon. */
export const VALUES_END = /\)\s*;?\s*$/;

/** Of one row, with nothing behind its values: only there it is known where one more goes. */
export function isHistoryInsert({ text }: Statement): boolean {
  const head = HISTORY_INSERT.exec(text)?.[0];
  return head !== undefined && /^\s*;?\s*$/.test(text.slice(closingOf(text, head.length)));
}

/** What makes it hard to see which parentheses count: comments, and quotes that are not doubled. */
const OBSCURE = /--|\/\*|\\|\$\w*\$/;

/** @returns the offset behind the parenthesis that closes what is open at `from`; 0 where there is none */
function closingOf(text: string, from: number): number {
  if (OBSCURE.test(text)) {
    return 0;
  }
  let depth = 1;
  for (const { 0: found, index } of text.slice(from).matchAll(/'[^']*'|"[^"]*"|[()]/g)) {
    if (found === '(') {
      depth++;
    } else if (found === ')' && --depth === 0) {
      return from + index + 1;
    }
  }
  return 0;
}

/** The whole text of one statement is a value: bulk_insert's. */
function isValue({ text }: Statement): boolean {
  return text === '?';
}

function canCarry(statement: Statement): boolean {
  return (
    isValue(statement) ||
    (/^\s*(insert|update|delete|select)\b/i.test(statement.text) &&
      !isSelectInto(statement) &&
      !isCompound(statement))
  );
}

/** It makes a table, which takes no WITH that writes. */
function isSelectInto({ text }: Statement): boolean {
  return /^\s*select\b/i.test(text) && /\binto\b/i.test(text);
}

/** It writes by a function that it calls, if at all. */
function isQuery({ text }: Statement): boolean {
  return (
    /^[\s(]*(select|with|explain)\b/i.test(text) &&
    !/\b(insert|update|delete|merge|into)\b/i.test(text.replace(/\bfor\s+(no\s+key\s+)?update\b/gi, ''))
  );
}

function isReadOnly({ text }: Statement): boolean {
  return /\bread\s+only\b/i.test(text);
}

export function isCompound({ text }: Statement): boolean {
  return text.replace(/;\s*$/, '').includes(';');
}

/** Whether the transaction may be over behind it without a commit: by its verb, or by one of several statements. */
export function endsInRollback(statement: Statement): boolean {
  const { verb, text } = statement;
  return (
    verb === 'rollback' || (verb !== 'read' && isCompound(statement) && /\b(rollback|abort)\b/i.test(text))
  );
}

/** To a savepoint; perhaps, for it may be the text of a literal. */
function rollsBackTo({ text }: Statement): boolean {
  return /\b(rollback|abort)\b[^;]*\bto\b/i.test(text);
}

/** The transaction goes on without this session, to whatever end. */
function preparesOnly({ text }: Statement): boolean {
  return /\bprepare\s+transaction\b/i.test(text);
}

/** The next transaction begins at once. */
function chains({ text }: Statement): boolean {
  return /\band\s+chain\b/i.test(text);
}
