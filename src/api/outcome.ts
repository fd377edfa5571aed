import { UserError } from '../errors.js';
import { type LostToken, writeLostTokens } from '../ledger/lost-tokens.js';
import { blamesScript } from '../postgres/failure.js';
import { plain } from '../report/terminal/text.js';
import type { GateOutcome } from '../result/gate.js';
import type { Result } from '../result/result.js';
import { writeResult } from '../result/store.js';
import type { RunOutcome as Conducted } from '../run/outcome.js';
import { EXIT, type ExitCode } from './exit.js';
import type { RunHooks } from './options.js';
import { judged } from './run-gates.js';
import type { RunOrder } from './run-order.js';

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
  { onResult }: Pick<RunHooks, 'onResult'>,
): Promise<RunOutcome> {
  const result = judged(measured, asked);
  let directory: string;
  try {
    directory = await writeResult(place, result, histograms, furtherFiles(result, lost));
  } catch (error) {
    onResult?.(result, null);
    throw error instanceof UserError ? new UnwrittenResult(error.message, result) : error;
  }
  onResult?.(result, directory);
  const { gates } = result;
  return { result, directory, gates, exitCode: exitCodeOf(result), problem: problemOf(result) };
}

function furtherFiles(result: Result, lost: Iterable<LostToken>) {
  const name = result.commits?.lostFile ?? null;
  return name === null ? [] : [{ name, write: (directory: string) => writeLostTokens(directory, lost) }];
}

/** Why no transaction went through, when the scripts are wrong, whatever the target is; null otherwise. */
export function problemOf({ run, totals, errors }: Result): string | null {
  const [first] = errors;
  const acked = totals.outcomes.ack + totals.outcomes.ack_unreplicated;
  if (
    run.status !== 'completed' ||
    acked > 0 ||
    first === undefined ||
    !errors.every(({ code }) => blamesScript(code))
  ) {
    return null;
  }
  const why = `${plain(first.message)} (${plain(first.code)})`;
  return `no transaction went through: ${why}. Mend ${first.script}.`;
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
