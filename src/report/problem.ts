import { blamesScript } from '../postgres/failure.js';
import type { Result } from '../result/result.js';
import { plain } from './terminal/text.js';

/** Why no transaction went through, when the scripts are wrong, whatever the target is; null otherwise. */
export function problemOf(result: Result): string | null {
  const { run, errors } = result;
  const [first] = errors;
  if (
    run.status !== 'completed' ||
    !nothingWentThrough(result) ||
    first === undefined ||
    !errors.every(({ code }) => blamesScript(code))
  ) {
    return null;
  }
  const why = `${plain(first.message)} (${plain(first.code)})`;
  return `no transaction went through: ${why}. Mend ${plain(first.script)}.`;
}

/** Whether not one transaction was acknowledged, whoever is to blame. */
export function nothingWentThrough({ totals }: Result): boolean {
  return totals.outcomes.ack + totals.outcomes.ack_unreplicated === 0;
}
