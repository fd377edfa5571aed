import { UserError } from '../errors.js';
import type { Choice } from '../plan/selection.js';
import type { Arguments, Given } from './arguments.js';
import type { Flags } from './flags.js';
import type {
  AddressTarget,
  LabTarget,
  NamedTarget,
  RunHooks,
  RunOptions,
  SelectionOptions,
  TableOptions,
  TargetOptions,
  WorkloadOptions,
} from './options.js';
import { RUN_FLAGS } from './run-flags.js';
import type { RunGiven } from './run-order.js';
import { TARGET_FLAGS } from './target-flags.js';
import { refuseUnknown } from './unknown-option.js';

/*
 * What a program gives becomes the texts that the command line would have had: one reader knows all checks and messages,
 * and the types of the options leave only such values here as have a text.
 */

/** @throws UserError for an option that there is not */
export function runGiven(options: RunOptions): RunGiven {
  refuseUnknown('run', options, [...Object.keys(RUN_TEXTS), ...Object.keys(OTHER_RUN_OPTIONS)]);
  const target = targetGiven(options.target);
  return {
    ...target,
    args: {
      ...textsOf(options, RUN_TEXTS),
      ...target.args,
      ...workloadTexts(options.workloadOptions, RUN_FLAGS),
    },
    choices: choicesOf(options),
    readStdin: noStdin,
  };
}

/** @throws UserError for an option that there is not */
export function tableGiven(options: TableOptions): Given {
  refuseUnknown('init and cleanup', options, Object.keys(TABLE_OPTIONS));
  const target = targetGiven(options.target);
  const force = options.force === undefined ? {} : { force: String(options.force) };
  const own = workloadTexts(options.workloadOptions, TARGET_FLAGS);
  return { ...target, args: { ...own, ...target.args, ...force } };
}

/** @throws UserError for an option that there is not */
export function targetGiven(target: TargetOptions | undefined): Given {
  const { env } = process;
  if (target === undefined) {
    return { args: {}, env };
  }
  if (target.lab !== undefined) {
    refuseUnknown('The target', target, ['stateDir', ...Object.keys(LAB_TEXTS)]);
    return { args: textsOf(target, LAB_TEXTS), env, stateDir: target.stateDir };
  }
  const named = 'name' in target ? target : undefined;
  const known = [...Object.keys(ADDRESS_TEXTS), ...Object.keys(PASSWORDS), 'lab'];
  refuseUnknown('The target', target, [...known, ...(named === undefined ? [] : Object.keys(NAME_TEXTS))]);
  if (target.rw === undefined && named === undefined) {
    throw new UserError(
      'target: expected lab, the name of one, rw, an address, or name, a target in a file; found none of them.',
    );
  }
  const addresses = textsOf<Partial<Addresses>>(target, ADDRESS_TEXTS);
  return {
    args: named === undefined ? addresses : { ...addresses, ...textsOf<Names>(named, NAME_TEXTS) },
    env: { ...env, ...passwordsOf(target) },
  };
}

/** Where they would be read from, for a program may have them from anywhere. */
function passwordsOf(target: Partial<AddressTarget>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(PASSWORDS).flatMap(([option, variable]) => {
      const password = target[option as keyof typeof PASSWORDS];
      return password === undefined ? [] : [[variable, password]];
    }),
  );
}

const PASSWORDS = {
  patroniPassword: 'PGHA_BENCH_PATRONI_PASSWORD',
  haproxyPassword: 'PGHA_BENCH_HAPROXY_PASSWORD',
  etcdPassword: 'PGHA_BENCH_ETCD_PASSWORD',
} as const satisfies Partial<Record<keyof AddressTarget, string>>;

/** The flag of an option, and the text that a value of it would be typed as. */
type TextOf<Value> = readonly [flag: string, text: (value: Value) => string | readonly string[]];

/** One for each option, so that none can be forgotten. */
type Texts<Options> = { readonly [Name in keyof Options]-?: TextOf<NonNullable<Options[Name]>> };

type Plain = Omit<RunOptions, keyof RunHooks | keyof SelectionOptions | 'target' | 'workloadOptions'>;

const text = (value: string | number | boolean) => String(value);
const ms = (value: number) => `${value}ms`;
const onOff = (value: boolean) => (value ? 'on' : 'off');
const list = (value: readonly string[]) => [value].flat();
const pairs = (value: Readonly<Record<string, string | number>>) =>
  Object.entries(value).map(([name, each]) => `${name}=${each}`);

const RUN_TEXTS: Texts<Plain> = {
  variables: ['define', pairs],
  route: ['route', text],
  clients: ['clients', text],
  workers: ['workers', text],
  durationMs: ['duration', ms],
  transactions: ['transactions', text],
  events: ['events', text],
  protocol: ['protocol', text],
  seed: ['seed', text],
  rate: ['rate', text],
  stages: ['stages', text],
  warmupMs: ['warmup', ms],
  latencyLimitMs: ['latency-limit', ms],
  maxTries: ['max-tries', text],
  connect: ['connect', text],
  readSplit: ['read-split', text],
  connectTimeoutMs: ['connect-timeout', ms],
  statementTimeoutMs: ['statement-timeout', ms],
  transactionTimeoutMs: ['transaction-timeout', ms],
  reconnectPause: ['reconnect-pause', text],
  reconnectBurst: ['reconnect-burst', text],
  faults: ['fault', (faults) => (faults.length === 0 ? ['none'] : list(faults))],
  rounds: ['rounds', text],
  allowFault: ['allow-fault', text],
  ledger: ['ledger', text],
  probes: ['probes', onOff],
  observers: ['observers', onOff],
  doctor: ['doctor', onOff],
  directWrites: ['direct-writes', onOff],
  out: ['out', text],
  label: ['label', text],
  tags: ['tag', pairs],
  gates: ['gate', list],
  gatesFile: ['gates', text],
  baseline: ['baseline', text],
  anyway: ['anyway', text],
  reportPerCommand: ['report-per-command', text],
  progressMs: ['progress', ms],
  log: ['log', text],
  logPrefix: ['log-prefix', text],
  samplingRate: ['sampling-rate', text],
  aggregateSeconds: ['aggregate-interval', text],
  failuresDetailed: ['failures-detailed', text],
  profile: ['profile', text],
};

const OTHER_RUN_OPTIONS: { readonly [Name in Exclude<keyof RunOptions, keyof Plain>]: true } = {
  workload: true,
  mix: true,
  builtins: true,
  files: true,
  workloadOptions: true,
  target: true,
  signal: true,
  onStep: true,
  onProgress: true,
  onResult: true,
  onPrepare: true,
  onStanding: true,
  onOwnLab: true,
};

const TABLE_OPTIONS: { readonly [Name in keyof TableOptions]-?: true } = {
  workload: true,
  workloadOptions: true,
  target: true,
  force: true,
  signal: true,
  onProgress: true,
};

const LAB_TEXTS: Texts<Omit<LabTarget, 'stateDir'>> = {
  lab: ['lab', text],
  rw: ['rw', text],
  ro: ['ro', text],
};

type Names = Pick<NamedTarget, 'name' | 'file'>;

const NAME_TEXTS: Texts<Names> = {
  name: ['target', text],
  file: ['target-file', text],
};

type Addresses = Omit<AddressTarget, 'lab' | keyof typeof PASSWORDS>;

const ADDRESS_TEXTS: Texts<Addresses> = {
  rw: ['rw', text],
  ro: ['ro', text],
  patroni: ['patroni', text],
  patroniUser: ['patroni-user', text],
  patroniCa: ['patroni-ca', text],
  patroniCert: ['patroni-cert', text],
  patroniKey: ['patroni-key', text],
  patroniInsecure: ['patroni-insecure', text],
  haproxy: ['haproxy', text],
  haproxyCheck: ['haproxy-check', text],
  haproxyUser: ['haproxy-user', text],
  haproxyCa: ['haproxy-ca', text],
  haproxyInsecure: ['haproxy-insecure', text],
  etcd: ['etcd', (urls) => list(urls).join(',')],
  etcdUser: ['etcd-user', text],
  etcdCa: ['etcd-ca', text],
  etcdCert: ['etcd-cert', text],
  etcdKey: ['etcd-key', text],
  etcdInsecure: ['etcd-insecure', text],
  direct: ['direct', (addresses) => pairs(addresses).join(',')],
};

function textsOf<Options extends object>(options: Options, texts: Texts<Options>): Arguments {
  const args: Record<string, unknown> = {};
  for (const name of Object.keys(texts) as (keyof Options)[]) {
    const value = options[name];
    if (value !== undefined && value !== null) {
      const [flag, textOf] = texts[name];
      args[flag] = textOf(value);
    }
  }
  return args;
}

/** What a workload and the run call by the same name, as pgbench's users know it for both. */
const SHARED: readonly string[] = ['scale', 'no-vacuum'];

/** @param flags of the command, none of which may be given so */
function workloadTexts(options: WorkloadOptions = {}, flags: Flags): Arguments {
  return Object.fromEntries(
    Object.entries(options).map(([given, value]) => {
      const name = given.replaceAll('_', '-');
      if (Object.hasOwn(flags, name) && !SHARED.includes(name)) {
        throw new UserError(
          `workloadOptions: '${given}' is not an option of a workload.`,
          'Give it beside workloadOptions, or in target.',
        );
      }
      return [name, String(value)];
    }),
  );
}

function choicesOf({ workload, mix, builtins = [], files = [] }: SelectionOptions): readonly Choice[] {
  return [
    ...(workload === undefined ? [] : [{ option: 'workload', text: workload } as const]),
    ...(mix === undefined ? [] : [{ option: 'mix', text: mix } as const]),
    ...list(builtins).map((name) => ({ option: 'builtin', text: name }) as const),
    ...list(files).map((path) => ({ option: 'file', text: path }) as const),
  ];
}

async function noStdin(): Promise<string> {
  throw new UserError(
    "--file: expected the path of a script, found '-', the standard input.",
    'A program has to write it to a file.',
  );
}
