import { UserError } from '../errors.js';
import { type Arguments, type Environment, once } from './arguments.js';
import { OF_PGBENCH, OF_SYSBENCH } from './target-flags.js';
import { ALL_KEYS, isSecretKey, type TargetKey, variableOf } from './target-keys.js';

/** One value, and what gave it. */
export interface Setting {
  readonly text: string;
  /** As a person finds it: `--rw`, `PGHA_BENCH_RW`, `pgha-bench.yaml: targets.staging.rw`. */
  readonly label: string;
  /** Folder of the file that it stands in, which its paths are relative to; the working directory when absent. */
  readonly folder?: string;
}

export type Values = ReadonlyMap<TargetKey, Setting>;

/** What the command line, or the environment, says of the target. */
export interface Layer {
  readonly values: Values;
  /** Name of a target in a file. */
  readonly target: Setting | undefined;
  /** Path of that file. */
  readonly file: Setting | undefined;
  /** The first part of an address, `--host`, where the read-write endpoint is given in parts; of the command line only. */
  readonly part: string | undefined;
}

/** @throws UserError for what contradicts itself */
export function flagLayer(args: Arguments): Layer {
  const setting = (name: string): Setting | undefined => {
    const text = args[name] === true ? 'true' : once(args, name);
    return text === undefined ? undefined : { text, label: `--${name}` };
  };
  const flags = ALL_KEYS.filter((key) => !isSecretKey(key));
  const part = partOf(args);
  return layerOf(flags, setting, part === undefined ? undefined : `--${part}`);
}

/** An empty variable counts as none. @throws UserError for what contradicts itself */
export function environmentLayer(env: Environment): Layer {
  const setting = (key: TargetKey | 'target' | 'target-file'): Setting | undefined => {
    const label = variableOf(key);
    const text = env[label];
    return text === undefined || text === '' ? undefined : { text, label };
  };
  return layerOf(ALL_KEYS, setting, undefined);
}

function layerOf(
  keys: readonly TargetKey[],
  setting: (name: TargetKey | 'target' | 'target-file') => Setting | undefined,
  part: string | undefined,
): Layer {
  const values = new Map<TargetKey, Setting>();
  for (const key of keys) {
    const value = setting(key);
    if (value !== undefined) {
      values.set(key, value);
    }
  }
  const target = setting('target');
  const lab = values.get('lab');
  if (lab !== undefined && target !== undefined) {
    throw new UserError(`${lab.label} and ${target.label} name a target each.`, 'Leave one of them out.');
  }
  if (lab !== undefined && part !== undefined) {
    throw forAnother(lab.label, part);
  }
  return { values, target, file: setting('target-file'), part };
}

/** What a lab has, and an address that is not its. */
export function forAnother(ofLab: string, address: string): UserError {
  return new UserError(
    `${ofLab} is for a lab, and ${address} for a target of your own.`,
    'Leave one of them out.',
  );
}

function partOf(args: Arguments): string | undefined {
  const driver = once(args, 'db-driver') ?? 'pgsql';
  if (driver !== 'pgsql') {
    throw new UserError(`--db-driver: expected pgsql, found '${driver}'.`);
  }
  const part = [...OF_PGBENCH, ...OF_SYSBENCH].find((flag) => args[flag] !== undefined);
  if (args['rw'] !== undefined && part !== undefined) {
    throw new UserError(`--rw is the whole address, and --${part} a part of one.`, 'Leave one of them out.');
  }
  return part;
}
