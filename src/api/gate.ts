import { UserError } from '../errors.js';
import {
  baselineWarnings,
  checkBaseline,
  type Gate,
  judgeGates,
  parseGate,
  readGatesFile,
} from '../gates/gate.js';
import { listedMetrics, type MetricForm, UNIT_WORDS } from '../gates/list.js';
import { findResult, findResults } from '../result/find.js';
import type { NamedResult } from '../result/named.js';
import { EXIT } from './exit.js';
import { refuseUnknown } from './unknown-option.js';

export type { ListedMetric, MetricForm } from '../gates/list.js';

/** What {@link gate} is told. */
export interface GateOptions {
  /** Each a result.json, the folder of a run, or the label of one in `resultsDir`. */
  readonly results: readonly string[];
  /** Conditions such as `write_downtime.p95 < 10s`. */
  readonly gates?: readonly string[];
  /** Path of a file of such, whose gates come first. Without it and `gates`, those that the run was asked to meet. */
  readonly gatesFile?: string;
  /** What gates compare with, named as the results are. */
  readonly baseline?: string;
  /** Compare with a baseline that is not comparable, too. */
  readonly anyway?: boolean;
  /** Where runs leave their folders, `results` when absent. */
  readonly resultsDir?: string;
}

/** What came of it. */
export interface GateReport {
  /** With the outcomes as their `result.gates`, in the order in which they were named. */
  readonly results: readonly NamedResult[];
  readonly baseline: NamedResult | null;
  /** What a reader of the gates must know of the comparison with the baseline, one sentence each; empty for nothing. */
  readonly warnings: readonly string[];
  readonly passed: boolean;
  /** As of the command: 0 when all gates hold on all results, 1 when one does not. */
  readonly exitCode: 0 | 1;
}

/**
 * Judges results by gates. Nothing is written.
 * @throws UserError for an option that there is not, a gate that is none, no result, one that is not there or cannot be
 *   read, a baseline that is missing, did not complete or has no such figure, and where no gate was given
 */
export async function gate(options: GateOptions): Promise<GateReport> {
  refuseUnknown('gate', options, Object.keys(GATE_OPTIONS));
  const { results: words, gates: texts = [], gatesFile, resultsDir, anyway = false } = options;
  // First, since a mistake in them is cheaper to find than a result.
  const given = [...(gatesFile === undefined ? [] : await readGatesFile(gatesFile)), ...texts.map(parseGate)];
  if (!Array.isArray(words) || words.length === 0) {
    throw new UserError(
      'Expected a result: the folder of a run, its result.json, or its label; found none.',
      'Name one behind the command.',
    );
  }
  const found = await findResults(words, resultsDir);
  const asked = found.map((named) => (given.length > 0 ? given : ownGates(named)));
  const baseline = options.baseline === undefined ? null : await findResult(options.baseline, resultsDir);
  checkBaseline(asked.flat(), baseline);
  const results = found.map((named, index) => judged(named, asked[index] ?? [], baseline, anyway));
  const passed = results.every(({ result }) => result.gates.every((outcome) => outcome.passed));
  const warnings = found.flatMap((named, index) =>
    baselineWarnings(asked[index] ?? [], named, baseline, anyway),
  );
  const exitCode = passed ? EXIT.ok : EXIT.gateFailed;
  // The baseline is the same for all of them.
  return { results, baseline, warnings: [...new Set(warnings)], passed, exitCode };
}

const GATE_OPTIONS: Readonly<Record<keyof GateOptions, true>> = {
  results: true,
  gates: true,
  gatesFile: true,
  baseline: true,
  resultsDir: true,
  anyway: true,
};

/** What a gate can be made on: names with their meaning and unit, those that are asked for alike beside each other. */
export function listMetrics(): readonly MetricForm[] {
  return listedMetrics();
}

/** A unit of metrics and how its values are written in a gate: `time`, `10s, 500ms`. */
export interface MetricUnit {
  readonly word: string;
  readonly examples: string;
}

/** The units of {@link listMetrics}. */
export function listUnits(): readonly MetricUnit[] {
  return [...new Map(Object.values(UNIT_WORDS).map((unit) => [unit.word, unit])).values()];
}

/** Those that the run was asked to meet. */
function ownGates({ name, result }: NamedResult): readonly Gate[] {
  if (result.gates.length === 0) {
    throw new UserError(
      `Expected a gate, found none: none was given, and ${name} was run without any.`,
      "Add --gate 'lost == 0' or --gates FILE; 'pgha-bench gate --list' names what there is.",
    );
  }
  return result.gates.map(({ expression, why }) => ({
    ...parseGate(expression),
    ...(why === undefined ? {} : { why }),
  }));
}

function judged(
  named: NamedResult,
  gates: readonly Gate[],
  baseline: NamedResult | null,
  anyway: boolean,
): NamedResult {
  const outcomes = judgeGates(gates, named.result, baseline?.result ?? null, { anyway });
  return { ...named, result: { ...named.result, gates: outcomes } };
}
