import type pg from 'pg';
import type { RandomStream } from './random/stream.js';
import type { Variables } from './variables.js';

/**
 * The program of one transaction, compiled for one protocol. It is shared by all clients of a worker and never
 * changed after it was loaded; what a client has of its own is in its {@link ScriptContext}.
 */
export interface Program {
  /** Name of each variable; its index is the slot. Programs that were compiled together have the same. */
  readonly slots: readonly string[];
  /** Every statement once; its index names the prepared statement of the session. */
  readonly statements: readonly Statement[];
  /** Run from the first on; the transaction ends behind the last. */
  readonly steps: readonly Step[];
  /** Run once by each client when it has done its last transaction, such as to send what was gathered; absent for none. */
  readonly closing?: readonly Step[];
  /** The commands in the order of the script, for figures per command. */
  readonly commands: readonly ProgramCommand[];
}

export interface ProgramCommand {
  /** First step of it; an \else or \endif may have none of its own and then has the number of the next. */
  readonly step: number;
  /** In the text of the script, from 1; 0 where there is no text. */
  readonly line: number;
  /** First line of its text. */
  readonly text: string;
}

export interface Statement {
  /**
   * Query text. For `extended` and `prepared` the variables stand in it as $1, $2 …; for `simple` it is the text
   * as it was written, whose parts {@link Statement.pieces} has.
   */
  readonly text: string;
  /** `simple` only: literal text and slots in turn, joined when sent. Empty for the other protocols. */
  readonly pieces: readonly (string | number)[];
  /** `extended` and `prepared`: slot of $1, $2 …; an unknown variable has slot -1 and is sent as NULL. */
  readonly parameters: readonly number[];
  /** `extended` and `prepared`: OIDs of the types of $1, $2 …; the server finds out those that are 0 or absent. */
  readonly types?: readonly number[];
  /** `extended` and `prepared`: results come in binary format. */
  readonly binary?: boolean;
  /** Sent as a simple query whatever the protocol of the run is: then it has pieces. */
  readonly simple?: boolean;
  readonly verb: Verb;
}

/**
 * What a statement does to the transaction: it decides whether a lost reply leaves a commit in doubt. `read` is a
 * statement that commits nothing when it runs alone; `write` is everything that is none of the others.
 */
export type Verb = 'begin' | 'commit' | 'rollback' | 'read' | 'write';

export type Step =
  | { readonly op: 'sql'; readonly statement: number }
  /** Sends statement `first` + `choose(context)`: one of `count` that differ in a name, which cannot be a parameter. */
  | {
      readonly op: 'sql_of';
      readonly first: number;
      readonly count: number;
      readonly choose: (context: ScriptContext) => number;
    }
  /** Hands the connection to a function of a workload file until its promise is settled. Nothing else may be in the script. */
  | { readonly op: 'function'; readonly run: ScriptFunction }
  /** Computes and stores variables; integers, of any size, without allocation. Throws {@link ScriptFailure}. */
  | { readonly op: 'compute'; readonly run: (context: ScriptContext) => void }
  /** Goes on with the next step if the test holds, else with step `otherwise`. Throws {@link ScriptFailure}. */
  | {
      readonly op: 'branch';
      readonly test: (context: ScriptContext) => boolean;
      readonly otherwise: number;
    }
  | { readonly op: 'jump'; readonly to: number }
  /**
   * Sends the statement and stores columns of its reply as text: `only-row` (\gset) those of the last result, which
   * must have exactly one row; `last-rows` (\aset) those of the last row of every result that has any. A column goes
   * to the slot that `slots` has for `prefix` + its name; a column that no statement and no expression uses has none.
   * NULL is stored as an empty text, as pgbench does. A reply that does not fit is a {@link ScriptFailure}, and so is
   * a column whose name {@link isVariableName} refuses (`?column?`); none of this is allowed in a pipeline.
   */
  | {
      readonly op: 'store';
      readonly statement: number;
      readonly rows: 'only-row' | 'last-rows';
      readonly prefix: string;
      readonly slots: ReadonlyMap<string, number>;
    }
  /** Waits; `microseconds` may be 0 or negative, which is no wait. Throws {@link ScriptFailure}. */
  | { readonly op: 'sleep'; readonly microseconds: (context: ScriptContext) => number }
  /**
   * Runs a command in the shell; an exit status other than 0 is a {@link ScriptFailure}. With a slot, the first
   * line that it prints is stored there by `parseShellInteger` of shell.ts. Throws {@link ScriptFailure}.
   */
  | {
      readonly op: 'shell';
      readonly command: (context: ScriptContext) => string;
      /** -1: what it prints is not read. */
      readonly slot: number;
    }
  /**
   * From `start` on statements are sent without waiting for replies; `sync` sends a Sync in between, `end` sends
   * one and then reads all replies. Never with the simple protocol.
   */
  | { readonly op: 'pipeline'; readonly action: 'start' | 'sync' | 'end' };

/**
 * A transaction as a function: it is acknowledged when the promise resolves, and failed when it rejects. `sql` is this
 * client's own connection to the port of the script; a function that leaves a transaction open on it has failed.
 */
export type ScriptFunction = (sql: pg.Client, context: ScriptFunctionContext) => Promise<void>;

export interface ScriptFunctionContext {
  /** 0 … clients - 1. */
  readonly clientId: number;
  readonly options: Readonly<Record<string, number | string | boolean>>;
  /** A whole number from `from` to `to`, drawn from this client's stream: the same seed draws the same. */
  random(from: number, to: number): number;
  /** Aborted when the run gives the transaction up. */
  readonly signal: AbortSignal;
}

/** Who draws the token of each commit of a client, and is told what became of it. Instants are µs since the start of the load. */
export interface CommitLedger {
  begin(server: number): void;
  /** Draws a token into the variable of that name. */
  draw(): void;
  committed(atUs: number, unreplicated: boolean): void;
  doubt(): void;
  abort(): void;
  fail(): void;
}

/** What one client brings to its script. */
export interface ScriptContext {
  /** 0 … clients - 1. */
  readonly clientId: number;
  /** Of the run. */
  readonly clients: number;
  readonly variables: Variables;
  readonly random: RandomStream;
  /** What the client knows of its commits; absent without a ledger. */
  readonly ledger?: CommitLedger;
}

/**
 * A meta command that cannot be computed with the values that it met: a division by zero, an empty range, a variable
 * without a value. The message names file, line and column. The client cannot go on: pgbench aborts it, always.
 */
export class ScriptFailure extends Error {
  override readonly name = 'ScriptFailure';
}

/** Letters, digits and underscores, no digit first; whatever is not ASCII counts as a letter. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_\u0080-\uffff][A-Za-z_\u0080-\uffff0-9]*$/.test(name);
}
