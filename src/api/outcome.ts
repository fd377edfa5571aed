import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../errors.js';
import { type LostToken, writeLostTokens } from '../ledger/lost-tokens.js';
import { HTML } from '../report/html.js';
import { problemOf } from '../report/problem.js';
import type { GateOutcome } from '../result/gate.js';
import type { Result } from '../result/result.js';
import { type FurtherFile, writeResult } from '../result/store.js';
import type { RunOutcome as Conducted } from '../run/outcome.js';
import { EXIT, type ExitCode } from './exit.js';
import type { RunHooks } from './options.js';
import { judged, warningsOf } from './run-gates.js';
import type { RunOrder } from './run-order.js';

export { problemOf };

/** What came of a run. */
export interface RunOutcome {
  readonly result: Result;
  /** Folder that it was written to, absolute. */
  readonly directory: string;
  /** As in the result, in the order in which they were named. */
  readonly gates: readonly GateOutcome[];
  /** What `pgha-bench run` ends with: 0 well, 1 a gate failed, 2 the scripts are wrong, 3 the run broke, 130 interrupted. */
  readonly exitCode: ExitCode;
  /** One sentence that says why no transaction went through, where the scripts are to blame; else null. */
  readonly problem: string | null;
}

/** The result could not be written; what was measured is worth more than the place it should have gone to. */
export class UnwrittenResult extends UserError {
  constructor(
    message: string,
    readonly result: Result,
  ) {
    super(message);
  }
}

/** Judges the result and writes it. @throws UnwrittenResult when it cannot be written */
export async function deliver(
  { place, gates: asked }: RunOrder,
  { result: measured, histograms, lost }: Conducted,
  { onResult, onStep }: Pick<RunHooks, 'onResult' | 'onStep'>,
): Promise<RunOutcome> {
  const result = judged(measured, asked);
  for (const warning of warningsOf(result, asked)) {
    onStep?.(warning);
  }
  const further = [...lostTokensFile(result, lost), ...(await pageFile(result, onStep))];
  let directory: string;
  try {
    directory = await writeResult(place, result, histograms, further);
  } catch (error) {
    onResult?.(result, null);
    throw error instanceof UserError ? new UnwrittenResult(error.message, result) : error;
  }
  onResult?.(result, directory);
  const { gates } = result;
  return { result, directory, gates, exitCode: exitCodeOf(result), problem: problemOf(result) };
}

function lostTokensFile(result: Result, lost: Iterable<LostToken>): readonly FurtherFile[] {
  const name = result.commits?.lostFile ?? null;
  return name === null ? [] : [{ name, write: (directory) => writeLostTokens(directory, lost) }];
}

/** The result as a page. It can be made again at any time, so nothing that is wrong with it may cost the result. */
async function pageFile(result: Result, onStep: RunHooks['onStep']): Promise<readonly FurtherFile[]> {
  const name = `report.${HTML.extension}`;
  try {
    const title = result.plan.label ?? result.plan.workload.name;
    const page = await HTML.render([{ name: title, directory: null, result }]);
    return [{ name, write: (directory) => writeFile(join(directory, name), page) }];
  } catch (error) {
    onStep?.(`${name} could not be made: ${messageOf(error)}`);
    return [];
  }
}

/** An interrupted or a broken run tells nothing of its gates; scripts that are wrong are wrong use. */
export function exitCodeOf(result: Result): ExitCode {
  switch (result.run.status) {
    case 'interrupted':
      return EXIT.interrupted;
    case 'broken':
      return EXIT.broken;
    case 'completed':
      if (problemOf(result) !== null) {
        return EXIT.usage;
      }
      return result.gates.every(({ passed }) => passed) ? EXIT.ok : EXIT.gateFailed;
  }
}
