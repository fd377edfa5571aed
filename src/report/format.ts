import type { Result } from '../result/result.js';

/** A result, and what to call it where several stand side by side. */
export interface NamedResult {
  /** The label of its run, or the name of its folder. */
  readonly name: string;
  /** Folder it lies in, absolute; null when it was not kept. */
  readonly directory: string | null;
  readonly result: Result;
}

/** One form of a report: a pure function of results. */
export interface ReportFormat {
  /** As `--format` calls it. */
  readonly name: string;
  /** One line for --help. */
  readonly describe: string;
  /** Of the file that `run` or `report` writes it to, without a dot: `html`. */
  readonly extension: string;
  /** @param results one or several, in the order in which they were named */
  readonly render: (results: readonly NamedResult[]) => string | Promise<string>;
}
