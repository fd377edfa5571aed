import type { NamedResult } from '../result/named.js';
import type { TerminalOptions } from './terminal/text.js';

export type { NamedResult } from '../result/named.js';

/** One form of a report: a pure function of results, but for `hlog`, which is of the files beside them. */
export interface ReportFormat {
  /** As `--format` calls it. */
  readonly name: string;
  /** One line for --help. */
  readonly describe: string;
  /** Of the file that `run` or `report` writes it to, without a dot: `html`. */
  readonly extension: string;
  /**
   * @param results one or several, in the order in which they were named
   * @throws UserError where it cannot be made of these results
   */
  readonly render: (
    results: readonly NamedResult[],
    options?: Partial<RenderOptions>,
  ) => string | Promise<string>;
}

/** What some formats need to know; the others pass over it. */
export interface RenderOptions {
  /** What `terminal` is written to. */
  readonly terminal: TerminalOptions;
  /** Which times `hlog` is of. */
  readonly times: TimesKind;
}

/** As the files of a result are called, `response.hlog`. */
export const TIMES_KINDS = ['response', 'service', 'lag'] as const;

export type TimesKind = (typeof TIMES_KINDS)[number];
