import type { Result } from './result.js';

/** A result, and what to call it where several stand side by side. */
export interface NamedResult {
  /** The label of its run, or the name of its folder. */
  readonly name: string;
  /** Folder it lies in, absolute; null when it was not kept. */
  readonly directory: string | null;
  readonly result: Result;
}
