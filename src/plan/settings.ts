import { UserError } from '../errors.js';
import { parseDuration, parseInteger, parseNumber } from '../units.js';
import { LONGEST_MS, parseSeconds, readEnding } from './ending.js';
import { type FaultKind, parseFaults } from './fault.js';
import { isOn, readLog } from './log.js';
import { type OptionText, readPace } from './pace.js';
import type {
  Deadlines,
  FaultPlan,
  LedgerMode,
  LogPlan,
  Pace,
  Plan,
  Protocol,
  ReconnectPolicy,
  RetryPolicy,
  TransactionLimit,
  WorkloadPlan,
} from './plan.js';
import type { Route, Target } from './target.js';
import { choice } from './words.js';

/** What was asked for, checked as far as it can be without a target. */
export interface RunSettings {
  readonly clients: number;
  readonly workers: number;
  readonly protocol: Protocol;
  readonly durationMs: number | null;
  readonly transactions: TransactionLimit | null;
  readonly warmupMs: number;
  readonly pace: Pace;
  readonly latencyLimitMs: number | null;
  /** Undefined when nothing was said: then the scripts decide, see {@link planOf}. */
  readonly maxTries: number | undefined;
  /** A new connection for each transaction. */
  readonly connect: boolean;
  readonly readSplit: boolean;
  /** Of all scripts; undefined when each goes where it says. */
  readonly route: Route | undefined;
  readonly perCommand: boolean;
  readonly log: LogPlan | null;
  /** From one line of progress to the next. */
  readonly progressMs: number;
  /** `default` when nothing was said: then the target decides. */
  readonly faults: readonly FaultPlan[] | 'default';
  /** Null when the faults are done once, at their times. */
  readonly rounds: number | null;
  /** Scope of somebody's own cluster that may be hurt. */
  readonly allowFault: string | undefined;
  /** Undefined when nothing was said: then the scripts and the faults decide. */
  readonly ledger: LedgerMode | undefined;
  readonly observers: boolean;
  /** Whether the doctor may refuse the target. */
  readonly doctor: boolean;
  readonly directWrites: boolean;
  readonly seed: number;
  readonly deadlines: Deadlines;
  readonly reconnect: ReconnectPolicy;
  readonly probes: boolean;
  readonly label: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** What settings are read against. */
export interface SettingsContext {
  /** The text that was given for an option, undefined for none. */
  readonly text: OptionText;
  /** Every --fault, in the order in which they were given. */
  readonly faultTexts: readonly string[];
  /** Every --tag. */
  readonly tagTexts: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly faults: readonly FaultKind[];
  readonly cores: number;
  readonly randomSeed: () => number;
}

const INTERVAL_MS = 100;

/** @throws UserError that names the option, what it expects and what was found */
export function readSettings(context: SettingsContext): RunSettings {
  const { text } = context;
  const clients = parseInteger(text('clients') ?? '1', '--clients', { min: 1 });
  const pace = readPace(text);
  const rounds =
    text('rounds') === undefined
      ? null
      : parseInteger(text('rounds') ?? '', '--rounds', { min: 1, max: 1000 });
  const { durationMs, transactions } = readEnding(text, pace, rounds !== null);
  const latencyLimitMs = readLatencyLimit(text('latency-limit'));
  const route = text('route');
  return {
    clients,
    workers: Math.min(
      clients,
      parseInteger(text('workers') ?? String(context.cores), '--workers', { min: 1, max: 1024 }),
    ),
    protocol: choice(text('protocol') ?? 'prepared', '--protocol', PROTOCOLS),
    durationMs,
    transactions,
    warmupMs: readWarmup(text),
    pace,
    latencyLimitMs,
    maxTries: readMaxTries(text('max-tries'), latencyLimitMs ?? durationMs),
    connect: isOn(text, 'connect'),
    readSplit: isOn(text, 'read-split'),
    route: route === undefined ? undefined : choice(route, '--route', ['rw', 'ro'] as const),
    perCommand: isOn(text, 'report-per-command'),
    log: readLog(text, durationMs),
    progressMs: readProgress(text('progress')),
    faults: readFaults(context, durationMs, rounds),
    rounds,
    allowFault: text('allow-fault'),
    ledger: text('ledger') === undefined ? undefined : choice(text('ledger') ?? '', '--ledger', LEDGER_MODES),
    observers: onOrOff(text, 'observers', 'on'),
    doctor: onOrOff(text, 'doctor', 'on'),
    directWrites: onOrOff(text, 'direct-writes', 'off'),
    seed: readSeed(context),
    deadlines: {
      connectMs: readDeadline(text, 'connect-timeout', 5000),
      statementMs: readDeadline(text, 'statement-timeout', 10_000),
      transactionMs: readDeadline(text, 'transaction-timeout', 30_000),
    },
    reconnect: reconnectOf(text('reconnect-pause') ?? '25ms..500ms'),
    probes: onOrOff(text, 'probes', 'on'),
    label: text('label'),
    tags: readTags(context.tagTexts),
  };
}

/** A name that comes twice would leave it open which one holds. */
function readTags(texts: readonly string[]): Readonly<Record<string, string>> {
  const tags = new Map<string, string>();
  for (const text of texts) {
    const [, name, value] = /^([^=\s]+)=(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new UserError(`--tag: expected NAME=VALUE, found '${text}'.`);
    }
    if (tags.has(name)) {
      throw new UserError(`--tag: ${name} is given twice.`, 'Give each tag one value.');
    }
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
}

const LEDGER_MODES: readonly LedgerMode[] = ['history', 'insert', 'off'];

function onOrOff(text: OptionText, name: string, otherwise: 'on' | 'off'): boolean {
  return choice(text(name) ?? otherwise, `--${name}`, ['on', 'off'] as const) === 'on';
}

/** Rounds have no middle of a run; the first one comes when the load is steady. */
function readFaults(
  { faultTexts, faults }: SettingsContext,
  durationMs: number | null,
  rounds: number | null,
): readonly FaultPlan[] | 'default' {
  if (faultTexts.length === 0) {
    return 'default';
  }
  const first = rounds === null ? null : FIRST_ROUND_MS;
  const plans = parseFaults(faultTexts, faults, durationMs, first);
  if (plans.length === 0 && rounds !== null) {
    throw new UserError('--rounds repeats a fault, and --fault none is none.', 'Leave one of them out.');
  }
  return plans;
}

/** When the first of several rounds begins, unless a time is given. */
export const FIRST_ROUND_MS = 10_000;

/** The frozen plan of a run. @param decided what only the target and its tables could tell */
export function planOf(
  settings: RunSettings,
  target: Target,
  workload: WorkloadPlan,
  decided: { readonly faults: readonly FaultPlan[]; readonly ledger: LedgerMode },
): Plan {
  const { clients, workers, protocol, durationMs, transactions, warmupMs, pace, latencyLimitMs } = settings;
  const { perCommand, log, seed, deadlines, reconnect, probes, observers, directWrites, label, tags } =
    settings;
  return Object.freeze({
    target,
    workload,
    clients,
    workers,
    protocol,
    connections: settings.readSplit ? 'per-script' : 'per-client',
    transactionsPerConnection: transactionsPerConnection(settings, workload),
    durationMs,
    transactions,
    warmupMs,
    pace,
    latencyLimitMs,
    retry: retryOf(settings.maxTries, workload),
    perCommand,
    log,
    intervalMs: INTERVAL_MS,
    seed,
    deadlines,
    reconnect,
    probes,
    observers,
    directWrites,
    ledger: decided.ledger,
    rounds: decided.faults.length === 0 ? null : settings.rounds,
    faults: decided.faults,
    ...(label === undefined ? {} : { label }),
    tags,
  });
}

/**
 * sysbench restarts an event until it goes through, pgbench fails a transaction. In a mix of both the rules of pgbench
 * hold for all: what a restart hides, a reader of the mix's figures would look for in vain.
 */
function retryOf(maxTries: number | undefined, { scripts }: WorkloadPlan): RetryPolicy {
  return scripts.every(({ source }) => source.kind === 'event')
    ? { contention: 'restart', maxTries: maxTries ?? 0 }
    : { contention: 'fail', maxTries: maxTries ?? 1 };
}

/** `reconnect` is an option of sysbench 1.1's events; a workload of one's own may call anything else so. */
function transactionsPerConnection({ connect }: RunSettings, { scripts, options }: WorkloadPlan): number {
  const { reconnect } = options;
  const every =
    typeof reconnect === 'number' && scripts.some(({ source }) => source.kind === 'event') ? reconnect : 0;
  if (connect && every > 0) {
    throw new UserError(
      `--connect asks for a new connection for each transaction, and --reconnect for one after ${every}.`,
      'Leave one of them out.',
    );
  }
  return connect ? 1 : every;
}

const PROTOCOLS: readonly Protocol[] = ['simple', 'extended', 'prepared'];

function readWarmup(text: OptionText): number {
  const warmup = text('warmup');
  const seconds = text('warmup-time');
  if (warmup !== undefined && seconds !== undefined) {
    throw new UserError('--warmup and --warmup-time say the same thing.', 'Leave one of them out.');
  }
  if (warmup !== undefined) {
    return notTooLong(parseDuration(warmup, '--warmup'), '--warmup', warmup);
  }
  return seconds === undefined
    ? 0
    : notTooLong(parseSeconds(seconds, '--warmup-time'), '--warmup-time', seconds);
}

/** pgbench takes milliseconds. */
function readLatencyLimit(text: string | undefined): number | null {
  if (text === undefined) {
    return null;
  }
  const bare = /^[+-]?[\d.]+$/.test(text);
  return positive(
    bare ? parseNumber(text, '--latency-limit') : parseDuration(text, '--latency-limit'),
    '--latency-limit',
    text,
  );
}

/** @param limitMs what ends the tries of a transaction where their number does not, null for nothing */
function readMaxTries(text: string | undefined, limitMs: number | null): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const maxTries = parseInteger(text, '--max-tries', { min: 0 });
  if (maxTries === 0 && limitMs === null) {
    throw new UserError(
      '--max-tries: 0 is no limit, so that something else must end the tries.',
      'Add --latency-limit or --duration.',
    );
  }
  return maxTries;
}

/** sysbench's 0 stands for no interval of one's own. */
function readProgress(text: string | undefined): number {
  const ms = text === undefined ? 0 : notTooLong(parseSeconds(text, '--progress'), '--progress', text);
  if (ms > 0 && ms < 1000) {
    throw new UserError(`--progress: expected at least 1 second, found '${text}'.`);
  }
  return ms === 0 ? 1000 : ms;
}

/** pgbench's `time` and `rand` are both another seed each time. */
function readSeed({ text, env, randomSeed }: SettingsContext): number {
  const given = text('seed');
  const [found, where] =
    given === undefined ? [env['PGBENCH_RANDOM_SEED'], 'PGBENCH_RANDOM_SEED'] : [given, '--seed'];
  if (found === undefined || found === '' || found === 'time' || found === 'rand') {
    return randomSeed();
  }
  if (!/^\d+$/.test(found)) {
    throw new UserError(`${where}: expected a whole number of at least 0, time or rand, found '${found}'.`);
  }
  return parseInteger(found, where, { min: 0, max: Number.MAX_SAFE_INTEGER });
}

function reconnectOf(text: string): ReconnectPolicy {
  const [first = '', cap, more] = text.split('..');
  if (cap === undefined || more !== undefined) {
    throw new UserError(`--reconnect-pause: expected FIRST..LONGEST, such as 25ms..500ms, found '${text}'.`);
  }
  const firstMs = positive(parseDuration(first, '--reconnect-pause'), '--reconnect-pause', text);
  const capMs = parseDuration(cap, '--reconnect-pause');
  if (capMs < firstMs) {
    throw new UserError(
      `--reconnect-pause: expected the first pause to be the shorter one, found '${text}'.`,
    );
  }
  return { firstMs, capMs };
}

function readDeadline(text: OptionText, name: string, otherwise: number): number {
  const given = text(name);
  return given === undefined ? otherwise : positive(parseDuration(given, `--${name}`), `--${name}`, given);
}

function positive(ms: number, flag: string, found: string): number {
  if (ms <= 0) {
    throw new UserError(`${flag}: expected more than 0 and at most 480h, found '${found}'.`);
  }
  return notTooLong(ms, flag, found);
}

function notTooLong(ms: number, flag: string, found: string): number {
  if (ms > LONGEST_MS) {
    throw new UserError(`${flag}: expected at most 480h, found '${found}'.`);
  }
  return ms;
}
