import type { Lab } from '../lab/lab.js';
import { passwordFromFile } from '../postgres/password-file.js';
import type { Given } from './arguments.js';
import { endpointText } from './endpoint-text.js';
import { findTargetFile } from './find-target-file.js';
import type { TargetOptions } from './options.js';
import { readServices } from './services.js';
import { givenChecks, givenEndpoint, labTarget, partsGiven } from './target.js';
import { ALL_KEYS, isSecretKey, type SecretKey, type TargetKey, variableOf } from './target-keys.js';
import { readTargetSettings, type TargetSettings } from './target-settings.js';
import { targetGiven } from './texts.js';

/** Which target is meant, and what is known of it before anything is connected to. */
export interface TargetDescription {
  /** `addresses`: of one's own; `lab`: one that is up; `none`: nobody named any, and no lab `default` is up. */
  readonly kind: TargetSettings['kind'];
  /** Of the target in a file, or of the lab. */
  readonly name: string | null;
  /** What named it: `--target`, `PGHA_BENCH_RW`, `pgha-bench.yaml: default`; null when nothing did. */
  readonly chosenBy: string | null;
  /** The file that it stands in. */
  readonly file: string | null;
  readonly options: readonly TargetOptionDescription[];
}

export interface TargetOptionDescription {
  /** Name of the option without its dashes. */
  readonly option: string;
  /** Of a secret whether it is there, `set` or `not set`; never itself. */
  readonly value: string;
  /** What gave it; null for a secret that nothing gave. */
  readonly from: string | null;
}

/** A target in a file. */
export interface ListedTarget {
  readonly name: string;
  /** Of the options that it has. */
  readonly options: readonly string[];
  readonly isDefault: boolean;
}

export interface TargetList {
  /** As a person in the working directory would call it; null where there is none. */
  readonly file: string | null;
  readonly targets: readonly ListedTarget[];
}

/**
 * The targets of the file that holds in the working directory.
 * @param options `file`: path of another file
 * @throws UserError for what is wrong in it
 */
export async function listTargets(options: { readonly file?: string } = {}): Promise<TargetList> {
  const { file: path = process.env[variableOf('target-file')] || undefined } = options;
  const label = options.file === undefined ? variableOf('target-file') : '--target-file';
  const file = await findTargetFile(process.cwd(), path, label);
  const targets = [...(file?.targets ?? [])].map(([name, values]) => ({
    name,
    options: [...values.keys()],
    isDefault: name === file?.default,
  }));
  return { file: file?.name ?? null, targets };
}

/**
 * The target that would be used, each value with what gave it. Nothing is connected to.
 * @throws UserError for what is wrong in it
 */
export async function showTarget(target?: TargetOptions): Promise<TargetDescription> {
  return describeTarget(targetGiven(target));
}

/** @throws UserError for what is wrong in what was given */
export async function describeTarget(given: Given): Promise<TargetDescription> {
  const settings = await readTargetSettings(given);
  const { name, chosenBy, file } = settings;
  if (settings.kind === 'addresses') {
    readServices(settings);
    givenChecks(settings);
    const label = chosenBy ?? settings.part ?? settings.values.get('rw')?.label ?? null;
    return { kind: 'addresses', name, chosenBy: label, file, options: optionsOf(settings, given) };
  }
  const lab = await labTarget(given, settings);
  return lab === undefined
    ? { kind: 'none', name: null, chosenBy: null, file: null, options: [] }
    : { kind: 'lab', name: lab.name, chosenBy, file, options: ofLab(lab, settings, given) };
}

function optionsOf(settings: TargetSettings, given: Given): readonly TargetOptionDescription[] {
  const options: TargetOptionDescription[] = [];
  if (settings.part !== undefined) {
    options.push({ option: 'rw', value: endpointText(partsGiven(given)), from: settings.part });
  }
  for (const key of ALL_KEYS) {
    const option = key === 'password' ? passwordOf(settings, given) : optionOf(key, settings, given);
    if (option !== null) {
      options.push(option);
    }
  }
  return options;
}

function optionOf(key: TargetKey, settings: TargetSettings, given: Given): TargetOptionDescription | null {
  const { values, part } = settings;
  const setting = values.get(key);
  if (isSecretKey(key)) {
    return setting === undefined
      ? missingSecret(key, settings)
      : { option: key, value: 'set', from: setting.label };
  }
  if (setting === undefined || (key === 'rw' && part !== undefined)) {
    return null;
  }
  const endpoint = key === 'rw' || key === 'ro' ? givenEndpoint(given, settings, key) : undefined;
  return {
    option: key,
    value: endpoint === undefined ? setting.text : endpointText(endpoint),
    from: setting.label,
  };
}

/** Nobody misses the password of a service that asks for no user. */
function missingSecret(key: SecretKey, { values }: TargetSettings): TargetOptionDescription | null {
  const user = key.replace('-password', '-user') as TargetKey;
  return values.has(user) ? { option: key, value: 'not set', from: null } : null;
}

/** PostgreSQL's: it may stand in the address, or where PostgreSQL's own programs would find it. */
function passwordOf(settings: TargetSettings, given: Given): TargetOptionDescription {
  const option = 'password';
  const own = settings.values.get('password');
  const bare = { ...given, env: { ...given.env, PGPASSWORD: undefined } };
  const without = {
    ...settings,
    values: new Map([...settings.values].filter(([key]) => key !== 'password')),
  };
  const inAddress = givenEndpoint(bare, without, 'rw') ?? partsGiven(bare);
  if (inAddress.password !== undefined) {
    return { option, value: 'set', from: settings.part ?? settings.values.get('rw')?.label ?? null };
  }
  if (own !== undefined) {
    return { option, value: 'set', from: own.label };
  }
  if ((given.env['PGPASSWORD'] ?? '') !== '') {
    return { option, value: 'set', from: 'PGPASSWORD' };
  }
  return passwordFromFile(inAddress.endpoint, inAddress.passFile, given.env) === undefined
    ? { option, value: 'not set', from: null }
    : { option, value: 'set', from: 'the password file' };
}

function ofLab(lab: Lab, settings: TargetSettings, given: Given): readonly TargetOptionDescription[] {
  const { target } = lab;
  const from = `lab ${lab.name}`;
  const endpointOf = (route: 'rw' | 'ro'): TargetOptionDescription | null => {
    const other = givenEndpoint(given, settings, route);
    const endpoint = target[route];
    if (other !== undefined) {
      return { option: route, value: endpointText(other), from: settings.values.get(route)?.label ?? null };
    }
    return endpoint === undefined
      ? null
      : { option: route, value: endpointText({ endpoint, tls: 'settled' }), from };
  };
  const { haproxy } = target;
  const values: readonly (TargetOptionDescription | null)[] = [
    endpointOf('rw'),
    endpointOf('ro'),
    { option: 'password', value: lab.secrets.rwPassword === undefined ? 'not set' : 'set', from },
    { option: 'patroni', value: target.patroni.join(','), from },
    haproxy === undefined
      ? null
      : { option: 'haproxy', value: haproxy.kind === 'url' ? haproxy.url : haproxy.path, from },
    target.etcd === undefined ? null : { option: 'etcd', value: target.etcd.join(','), from },
  ];
  return values.filter((value) => value !== null);
}
