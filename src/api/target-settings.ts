import { dirname, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import { fillIn } from '../plan/target-file.js';
import { type Arguments, type Given, once } from './arguments.js';
import { type FoundTargetFile, findTargetFile, TARGET_FILE } from './find-target-file.js';
import { ALL_KEYS, isSecretKey, type TargetKey, variableOf } from './target-keys.js';
import {
  environmentLayer,
  flagLayer,
  forAnother,
  type Layer,
  type Setting,
  type Values,
} from './target-layers.js';

/*
 * Which target is meant, and what is known of it. Three layers can say so, the command line before the environment before
 * the file. The first that names a target, by an address, by `target`, or by `lab`, decides which it is; then each option
 * is taken from the first layer that has it. A lab is known by its name alone: addresses of the environment are another
 * cluster's, and the load must not go there under the lab's name.
 */

export interface TargetSettings {
  /** `addresses`: of the user's own; `lab`: of the name in `values`; `none`: nobody named any. */
  readonly kind: 'addresses' | 'lab' | 'none';
  /** Of the target in the file that is used; null when none is. */
  readonly name: string | null;
  /** What chose it, `--target`, `pgha-bench.yaml: default`; null when nothing did. */
  readonly chosenBy: string | null;
  /** The file of that target, as it is to be called; null when none is used. */
  readonly file: string | null;
  readonly values: Values;
  /** `--host`, where the read-write endpoint stands on the command line in parts. */
  readonly part: string | undefined;
}

/** The text of an option; undefined when nobody gave it. */
export function textOf({ values }: Pick<TargetSettings, 'values'>, key: TargetKey): string | undefined {
  return values.get(key)?.text;
}

/** What to call an option in a message: what gave it, or else what could. */
export function labelOf({ values }: Pick<TargetSettings, 'values'>, key: TargetKey): string {
  return values.get(key)?.label ?? (isSecretKey(key) ? variableOf(key) : `--${key}`);
}

/** Which target of a file is used, one sentence for people; undefined where none is, and nothing is to be said. */
export function fileInWords({ name, file }: Pick<TargetSettings, 'name' | 'file'>): string | undefined {
  return name === null || file === null ? undefined : `The target is '${name}' of ${file}.`;
}

/** What makes a target for a command: most need the read-write endpoint, some ask Patroni alone. */
export type Demand = 'rw' | 'patroni';

/** @throws UserError for what contradicts itself, for a target that there is not, and for a file that is wrong */
export async function readTargetSettings(given: Given, demand: Demand = 'rw'): Promise<TargetSettings> {
  const flags = flagLayer(given.args);
  const environment = environmentLayer(given.env);
  const choice = choose(flags, environment, demand);
  const settings = await settle(given, flags, environment, choice);
  refuseMisplaced(settings, demand);
  refuseProfile(settings, given.args);
  return settings;
}

/** What says which target it is. */
type Choice =
  | { readonly by: 'lab'; readonly layer: Layer }
  | { readonly by: 'target'; readonly name: string; readonly label: string }
  | { readonly by: 'address' }
  | { readonly by: 'nobody' };

/** The word that names no target of a file, not even its default. */
export const NO_TARGET = 'none';

function choose(flags: Layer, environment: Layer, demand: Demand): Choice {
  const isUnasked = flags.target?.text === NO_TARGET;
  for (const layer of [flags, environment]) {
    const { target } = layer;
    if (layer.values.has('lab')) {
      return { by: 'lab', layer };
    }
    if (target !== undefined && target.text !== NO_TARGET && !isUnasked) {
      return { by: 'target', name: target.text, label: target.label };
    }
    if (isAddressed(layer, demand)) {
      return { by: 'address' };
    }
  }
  return { by: 'nobody' };
}

function isAddressed({ values, part }: Pick<TargetSettings, 'values' | 'part'>, demand: Demand): boolean {
  return values.has(demand) || (demand === 'rw' && part !== undefined);
}

async function settle(
  given: Given,
  flags: Layer,
  environment: Layer,
  choice: Choice,
): Promise<TargetSettings> {
  const { part } = flags;
  const own = { name: null, chosenBy: null, file: null, part };
  if (choice.by === 'lab') {
    const values = merged(flags.values, passwordIn(environment), choice.layer.values);
    return { ...own, kind: 'lab', chosenBy: values.get('lab')?.label ?? null, values };
  }
  const named = await namedTarget(given, flags, environment, choice);
  if (named?.values.has('lab')) {
    const values = merged(flags.values, passwordIn(environment), named.values);
    return { ...named, kind: 'lab', part, values };
  }
  const layers = [flags.values, environment.values, named?.values ?? new Map()];
  const values = merged(...layers.map(withoutLab));
  if (named === undefined) {
    return { ...own, kind: choice.by === 'address' ? 'addresses' : 'none', values };
  }
  return { ...named, kind: 'addresses', part, values };
}

/** The first that has a key gives its value. */
function merged(...layers: readonly Values[]): Values {
  return new Map([...layers].reverse().flatMap((values) => [...values]));
}

/** Addresses of the environment are no lab's; whose password it is, only the address beside the lab's name says. */
function passwordIn({ values }: Layer): Values {
  return new Map([...values].filter(([key]) => key === 'password'));
}

/** A lower layer's name of a lab, where a higher one has chosen something else. */
function withoutLab(values: Values): Values {
  return new Map([...values].filter(([key]) => key !== 'lab'));
}

type Named = Pick<TargetSettings, 'name' | 'chosenBy' | 'file' | 'values'>;

/** A file that is not asked for is not read: what is wrong in it is no matter then. */
async function namedTarget(
  given: Given,
  flags: Layer,
  environment: Layer,
  choice: Choice,
): Promise<Named | undefined> {
  const isUnasked = (flags.target ?? environment.target)?.text === NO_TARGET;
  if (choice.by === 'address' || (choice.by === 'nobody' && isUnasked)) {
    return undefined;
  }
  const named = flags.file ?? environment.file;
  const file = await findTargetFile(given.directory ?? process.cwd(), named?.text, named?.label);
  if (choice.by !== 'target') {
    return file === undefined || file.default === null
      ? undefined
      : namedIn(file, file.default, `${file.name}: default`, given);
  }
  const { name, label } = choice;
  if (file === undefined) {
    throw new UserError(
      `${label}: found no ${TARGET_FILE} with a target '${name}', in the working directory or above it.`,
      'Write one, or give the addresses, --rw and the rest.',
    );
  }
  return namedIn(file, name, label, given);
}

function namedIn(file: FoundTargetFile, name: string, chosenBy: string, given: Given): Named {
  const names = [...file.targets.keys()];
  if (!file.targets.has(name)) {
    throw new UserError(
      `${chosenBy}: expected one of the targets in ${file.name} (${names.join(', ')}), found '${name}'.${didYouMean(name, names)}`,
    );
  }
  return { name, chosenBy, file: file.name, values: valuesIn(file, name, given) };
}

function valuesIn(file: FoundTargetFile, name: string, { env }: Given): Values {
  const values = new Map<TargetKey, Setting>();
  const folder = dirname(file.path);
  for (const key of ALL_KEYS) {
    const value = file.targets.get(name)?.get(key);
    if (value !== undefined) {
      const label = `${file.name}: targets.${name}.${key}`;
      const text = fillIn(value.text, env, label);
      if (text === '') {
        throw new UserError(`${label}: expected a value, found an empty one.`);
      }
      values.set(key, { text: fromFolder(key, text, folder), label, folder });
    }
  }
  return values;
}

/** Paths in a file are relative to it; those in an address are found by who reads that. */
function fromFolder(key: TargetKey, text: string, folder: string): string {
  const isPath = /-(ca|cert|key)$/.test(key) || (key === 'haproxy' && text.startsWith('.'));
  return isPath ? resolve(folder, text) : text;
}

/** Says something of a target that is not there, or of another kind of one. */
function refuseMisplaced(settings: TargetSettings, demand: Demand): void {
  const { kind, values, name, file } = settings;
  const [other] = [...values.keys()].filter((key) => isOfAddress(key, demand));
  const lab = values.get('lab')?.label;
  if (lab !== undefined) {
    const foreign = settings.part ?? (other === undefined ? undefined : labelOf(settings, other));
    if (foreign !== undefined) {
      throw forAnother(lab, foreign);
    }
    return;
  }
  if (isAddressed(settings, demand)) {
    return;
  }
  if (kind === 'addresses' && demand === 'rw') {
    throw new UserError(
      `${file}: target '${name}' has no rw, the read-write endpoint.`,
      'Add it there, or give --rw.',
    );
  }
  const missing = [...(demand === 'rw' && values.has('ro') ? ['ro' as const] : []), other].find(
    (key) => key !== undefined,
  );
  if (missing !== undefined && kind === 'none') {
    const address = demand === 'rw' ? '--rw, the read-write endpoint,' : '--patroni, the address,';
    throw new UserError(
      `${labelOf(settings, missing)} needs ${address} beside it.`,
      'Without any of them the lab is used.',
    );
  }
}

/** What goes with an address, and with no lab: another way into a lab is no such thing, nor is what may be done to it. */
function isOfAddress(key: TargetKey, demand: Demand): boolean {
  if (demand === 'patroni') {
    return key.startsWith('patroni') && !isSecretKey(key);
  }
  return !isSecretKey(key) && !['lab', 'rw', 'ro', 'allow-fault'].includes(key);
}

/** Of the lab that a run starts. */
function refuseProfile({ kind, values, part }: TargetSettings, args: Arguments): void {
  if (kind === 'addresses' && once(args, 'profile') !== undefined) {
    throw forAnother('--profile', part ?? values.get('rw')?.label ?? 'the target');
  }
}
