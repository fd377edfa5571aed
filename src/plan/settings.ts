import { UserError } from '../errors.js';
import { parseDuration, parseInteger } from '../units.js';
import { type FaultKind, parseFault } from './fault.js';
import { didYouMean } from './nearest.js';
import type { Deadlines, FaultPlan, Plan, Protocol, ReconnectPolicy, WorkloadPlan } from './plan.js';
import type { Target } from './target.js';

/** What was asked for, checked as far as it can be without a target. */
export interface RunSettings {
  readonly clients: number;
  readonly workers: number;
  readonly protocol: Protocol;
  readonly durationMs: number;
  /** Undefined for none; `default` when nothing was said: then the target decides. */
  readonly fault: FaultPlan | undefined | 'default';
  readonly seed: number;
  readonly deadlines: Deadlines;
  readonly reconnect: ReconnectPolicy;
  readonly probes: boolean;
  readonly label: string | undefined;
}

/** What settings are read against. */
export interface SettingsContext {
  /** The text that was given for an option, undefined for none. */
  readonly text: (name: string) => string | undefined;
  readonly faults: readonly FaultKind[];
  readonly cores: number;
  readonly randomSeed: () => number;
}

const INTERVAL_MS = 100;

/** Timers take no more than 2^31 ms, 24 days. */
const LONGEST_MS = 480 * 3_600_000;

/** @throws UserError that names the option, what it expects and what was found */
export function readSettings(context: SettingsContext): RunSettings {
  const { text } = context;
  const duration = (name: string, otherwise: number): number => {
    const given = text(name);
    return given === undefined ? otherwise : parseDuration(given, `--${name}`);
  };
  const clients = parseInteger(text('clients') ?? '1', '--clients', { min: 1 });
  const durationMs = duration('duration', 60_000);
  if (durationMs < 1000 || durationMs > LONGEST_MS) {
    throw new UserError(`--duration: expected 1s to 480h, found '${text('duration')}'.`);
  }
  const faultText = text('fault');
  return {
    clients,
    workers: Math.min(
      clients,
      parseInteger(text('workers') ?? String(context.cores), '--workers', { min: 1, max: 1024 }),
    ),
    protocol: choice(text('protocol') ?? 'prepared', '--protocol', PROTOCOLS),
    durationMs,
    fault: faultText === undefined ? 'default' : parseFault(faultText, context.faults, durationMs),
    seed: seedOf(text('seed'), context.randomSeed),
    deadlines: {
      connectMs: positive(duration('connect-timeout', 5000), '--connect-timeout'),
      statementMs: positive(duration('statement-timeout', 10_000), '--statement-timeout'),
      transactionMs: positive(duration('transaction-timeout', 30_000), '--transaction-timeout'),
    },
    reconnect: reconnectOf(text('reconnect-pause') ?? '25ms..500ms'),
    probes: choice(text('probes') ?? 'on', '--probes', ['on', 'off'] as const) === 'on',
    label: text('label'),
  };
}

/** The frozen plan of a run. `faults`: what will be done, after the target had its say. */
export function planOf(
  settings: RunSettings,
  target: Target,
  workload: WorkloadPlan,
  faults: readonly FaultPlan[],
): Plan {
  const { clients, workers, protocol, durationMs, seed, deadlines, reconnect, probes, label } = settings;
  return Object.freeze({
    target,
    workload,
    clients,
    workers,
    protocol,
    connections: 'per-client',
    transactionsPerConnection: 0,
    durationMs,
    transactions: null,
    warmupMs: 0,
    pace: { kind: 'closed' },
    latencyLimitMs: null,
    retry: { contention: 'fail', maxTries: 1 },
    perCommand: false,
    log: null,
    intervalMs: INTERVAL_MS,
    seed,
    deadlines,
    reconnect,
    probes,
    faults,
    ...(label === undefined ? {} : { label }),
  });
}

const PROTOCOLS: readonly Protocol[] = ['simple', 'extended', 'prepared'];

/** One of a few words. @throws UserError that lists them */
export function choice<Word extends string>(text: string, flag: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) {
    throw new UserError(
      `${flag}: expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, found '${text}'.${didYouMean(text, words)}`,
    );
  }
  return word;
}

function seedOf(text: string | undefined, randomSeed: () => number): number {
  if (text === undefined) {
    return randomSeed();
  }
  return parseInteger(text, '--seed', { min: 0 });
}

function reconnectOf(text: string): ReconnectPolicy {
  const [first = '', cap, more] = text.split('..');
  if (cap === undefined || more !== undefined) {
    throw new UserError(`--reconnect-pause: expected FIRST..LONGEST, such as 25ms..500ms, found '${text}'.`);
  }
  const firstMs = positive(parseDuration(first, '--reconnect-pause'), '--reconnect-pause');
  const capMs = parseDuration(cap, '--reconnect-pause');
  if (capMs < firstMs) {
    throw new UserError(
      `--reconnect-pause: expected the first pause to be the shorter one, found '${text}'.`,
    );
  }
  return { firstMs, capMs };
}

function positive(ms: number, flag: string): number {
  if (ms <= 0 || ms > LONGEST_MS) {
    throw new UserError(`${flag}: expected more than 0 and at most 480h.`);
  }
  return ms;
}
