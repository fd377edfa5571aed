import type { RandomStream } from './random/stream.js';
import type { Variables } from './variables.js';

/**
 * The program of one transaction, compiled for one protocol. It is shared by all clients of a worker and never
 * changed after it was loaded; what a client has of its own is in its {@link ScriptContext}.
 */
export interface Program {
  /** Name of each variable; its index is the slot. */
  readonly slots: readonly string[];
  /** Every statement once; its index names the prepared statement of the session. */
  readonly statements: readonly Statement[];
  /** Run from the first on; the transaction ends behind the last. */
  readonly steps: readonly Step[];
}

export interface Statement {
  /**
   * Query text. For `extended` and `prepared` the variables stand in it as $1, $2 …; for `simple` it is the text
   * between the variables, which {@link Statement.pieces} has.
   */
  readonly text: string;
  /** `simple` only: literal text and slots in turn, joined when sent. Empty for the other protocols. */
  readonly pieces: readonly (string | number)[];
  /** `extended` and `prepared`: slot of $1, $2 …; an unknown variable has slot -1 and is sent as NULL. */
  readonly parameters: readonly number[];
  readonly verb: Verb;
}

/**
 * What a statement does to the transaction: it decides whether a lost reply leaves a commit in doubt. `read` is a
 * statement that commits nothing when it runs alone; `write` is everything that is none of the others.
 */
export type Verb = 'begin' | 'commit' | 'rollback' | 'read' | 'write';

export type Step =
  | { readonly op: 'sql'; readonly statement: number }
  /** Computes and stores variables; must not allocate. */
  | { readonly op: 'compute'; readonly run: (context: ScriptContext) => void }
  /** Goes on with the next step if the test holds, else with step `otherwise`. */
  | {
      readonly op: 'branch';
      readonly test: (context: ScriptContext) => boolean;
      readonly otherwise: number;
    }
  | { readonly op: 'jump'; readonly to: number };

/** What one client brings to its script. */
export interface ScriptContext {
  /** 0 … clients - 1. */
  readonly clientId: number;
  readonly variables: Variables;
  readonly random: RandomStream;
}
