import { type Forecast, forecastOf, type Happening } from '../analysis/forecast.js';
import type { PredictionContext } from '../analysis/predict.js';
import { UserError } from '../errors.js';
import { FAULTS } from '../faults/registry.js';
import type { ProfileName } from '../lab/profiles.js';
import { type FaultKind, parseFault } from '../plan/fault.js';
import { didYouMean } from '../plan/nearest.js';
import { forecastLines } from '../report/terminal/forecast.js';
import { FILE, type TerminalOptions } from '../report/terminal/text.js';
import { parseDuration } from '../units.js';
import { type Given, once } from './arguments.js';
import type { TargetOptions } from './options.js';
import { comparedBasis, givenBasis } from './predict-source.js';
import { PREDICT_WORDS, type PredictWord } from './predict-words.js';
import { targetGiven } from './texts.js';
import { refuseUnknown } from './unknown-option.js';

export type { FaultForecast, Forecast } from '../analysis/forecast.js';
export type { Shortening } from '../analysis/shorten.js';
export type { PredictWord } from './predict-words.js';

/**
 * Whose settings, one of profile, topology and target at most. Without any those of the target that the environment or a
 * file names, of the lab that is up, or of the samples.
 */
export interface PredictSource {
  /** A lab or a cluster that is up: it is asked. */
  readonly target?: TargetOptions;
  readonly profile?: ProfileName;
  /** Path of the file that describes a cluster. */
  readonly topology?: string;
  /** Single settings, which hold before the source's: `{ ttl: 20, inter: '1s' }`. Patroni's are seconds. */
  readonly settings?: Readonly<Partial<Record<PredictWord, string | number | boolean>>>;
}

export interface PredictOptions extends PredictSource {
  /** `kill-node`, `freeze-node:8s`, `partition-node`; all when absent. */
  readonly faults?: readonly string[];
}

/**
 * The downtime that settings imply, per fault. Nothing is measured, and nothing is asked but a cluster's settings.
 * @throws UserError for what does not fit together, and when a cluster does not answer
 */
export async function predict(options: PredictOptions = {}): Promise<Forecast> {
  const { given, faults } = predictGiven(options);
  return forecastOf(await givenBasis(given), happeningsOf(faults));
}

/** What the words of a command line ask for, and what it is compared with, if anything. */
export interface Predicted {
  readonly base: Forecast;
  readonly candidate: Forecast | null;
}

/** @throws UserError */
export async function predictBy(given: Given, faults: readonly string[]): Promise<Predicted> {
  const happenings = happeningsOf(faults);
  const compare = once(given.args, 'compare');
  const basis = await givenBasis(given);
  const other = compare === undefined ? null : await comparedBasis(compare, basis, given);
  return {
    base: forecastOf(basis, happenings),
    candidate: other === null ? null : forecastOf(other, happenings),
  };
}

/** What {@link renderPrediction} is told beside the forecasts. */
export interface RenderPredictionOptions {
  /** A second forecast of the same faults, to stand beside the first. */
  readonly candidate?: Forecast | null;
  /** Of a terminal: every part with the settings that decide it. */
  readonly parts?: boolean;
  readonly terminal?: TerminalOptions;
}

/** The text of a forecast: a table for people, or all of it as JSON. It ends with a line break. */
export function renderPrediction(
  base: Forecast,
  format: 'terminal' | 'json',
  { candidate = null, parts = false, terminal = FILE }: RenderPredictionOptions = {},
): string {
  if (format === 'json') {
    return `${JSON.stringify(candidate === null ? base : { base, candidate }, null, 2)}\n`;
  }
  return `${forecastLines(base, candidate, parts, terminal).join('\n')}\n`;
}

function predictGiven(options: PredictOptions): { given: Given; faults: readonly string[] } {
  refuseUnknown('predict', options, ['faults', 'target', 'profile', 'topology', 'settings']);
  const { target, profile, topology, settings = {}, faults = [] } = options;
  refuseUnknown('settings', settings, PREDICT_WORDS);
  const { args, ...others } = targetGiven(target);
  const words = Object.entries(settings).map(([word, value]) => [word, String(value)] as const);
  const line = words.filter(([word]) => OF_LINE.includes(word));
  return {
    faults,
    given: {
      ...others,
      args: {
        ...args,
        ...(profile === undefined ? {} : { profile }),
        ...(topology === undefined ? {} : { topology }),
        ...(line.length === 0 ? {} : { 'haproxy-check': line.flat().join(' ') }),
        ...Object.fromEntries(
          words
            .filter(([word]) => !OF_LINE.includes(word))
            .map(([word, value]) => [word.replaceAll('_', '-'), value]),
        ),
      },
    },
  };
}

/** Words of HAProxy's server line. */
const OF_LINE: readonly string[] = ['inter', 'fastinter', 'downinter', 'fall', 'rise'];

/** What happens to clusters and no fault of this tool does. */
export const SCENARIOS: readonly (FaultKind & { readonly summary: string })[] = [
  { kind: 'partition-node', summary: "the leader's machine is cut off from all others", options: [] },
  { kind: 'cut-etcd', summary: 'the leader alone cannot reach etcd', options: [] },
];

/** Nothing is done, so that nothing is needed for it, such as a command. */
const KINDS: readonly FaultKind[] = [...FAULTS, ...SCENARIOS].map(({ kind, options }) => ({
  kind,
  options: options.map(({ required: _, ...option }) => option),
}));

/** What the words name; everything of which settings say something, in an order of its own, without any. */
function happeningsOf(faults: readonly string[]): readonly Happening[] {
  return (faults.length === 0 ? USUAL : faults).map(happeningOf);
}

/** The planned, the deaths, what hangs or is cut off, the parts around. */
const USUAL: readonly string[] = [
  'switchover',
  'failover',
  'restart',
  'kill-postgres',
  'kill-patroni',
  'kill-node',
  'freeze-node',
  'partition-node',
  'freeze-postgres',
  'kill-replica',
  'cut-etcd',
  'kill-etcd-leader',
  'stop-etcd-quorum:60s',
  'restart-haproxy',
  'reload-haproxy',
];

function happeningOf(fault: string): Happening {
  const [kind = ''] = /^[^:@]*/.exec(fault) ?? [];
  const names = KINDS.map((each) => each.kind);
  if (!names.includes(kind)) {
    throw new UserError(
      `Expected faults, such as kill-node, found '${fault}'.${didYouMean(kind, names)}`,
      `'pgha-bench faults' lists them; ${SCENARIOS.map((each) => each.kind).join(' and ')} can be predicted, too.`,
    );
  }
  const plan = parseFault(fault.replace(/@[^@]*$/, ''), KINDS, 60_000);
  return { fault, kind, context: contextOf(kind, plan?.options ?? {}) };
}

function contextOf(kind: string, options: Readonly<Record<string, string>>): Partial<PredictionContext> {
  const { for: lasts, what, role, node } = options;
  return {
    ...(lasts === undefined ? {} : { lastedMs: parseDuration(lasts, `${kind}: for`) }),
    ...(what === 'postmaster' ? { postmasterOnly: true } : {}),
    ...(role === 'replica' || node === 'replica' ? { subjectLed: false } : {}),
  };
}
