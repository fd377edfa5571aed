import type { NamedResult } from '../result/named.js';

export type { NamedResult } from '../result/named.js';

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
