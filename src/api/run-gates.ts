import { UserError } from '../errors.js';
import {
  baselineWarnings,
  checkBaseline,
  type Gate,
  judgeGates,
  parseGate,
  readGatesFile,
} from '../gates/gate.js';
import { parseSwitch } from '../plan/words.js';
import { findResult } from '../result/find.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { RESULTS_ROOT } from '../result/store.js';
import { type Arguments, each, once } from './arguments.js';

/** What a run is judged by. */
export interface RunGates {
  readonly gates: readonly Gate[];
  /** Null without one. */
  readonly baseline: NamedResult | null;
  /** Compare with it although it is not comparable. */
  readonly anyway: boolean;
}

/** @throws UserError for a gate that is none, and for a baseline that is missing or not what the gates need */
export async function readRunGates(args: Arguments): Promise<RunGates> {
  const file = once(args, 'gates');
  const gates = [
    ...(file === undefined ? [] : await readGatesFile(file)),
    ...each(args, 'gate').map(parseGate),
  ];
  const anyway = parseSwitch(once(args, 'anyway') ?? 'off', '--anyway');
  const word = once(args, 'baseline');
  if (word !== undefined && gates.length === 0) {
    throw new UserError(
      '--baseline is what gates compare with, and there is none.',
      'Add --gate EXPRESSION, or --gates FILE.',
    );
  }
  const baseline = word === undefined ? null : await findResult(word, RESULTS_ROOT, 'Name it by its folder.');
  checkBaseline(gates, baseline);
  return { gates, baseline, anyway };
}

/** The same result with what became of its gates. */
export function judged(result: Result, { gates, baseline, anyway }: RunGates): Result {
  return { ...result, gates: judgeGates(gates, result, baseline?.result ?? null, { anyway }) };
}

/** What is to be said of the comparison with the baseline, one sentence each. */
export function warningsOf(result: Result, { gates, baseline, anyway }: RunGates): readonly string[] {
  const named = { name: result.plan.label ?? 'this run', directory: null, result };
  return baselineWarnings(gates, named, baseline, anyway);
}
