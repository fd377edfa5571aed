import type { ParsedNode } from 'yaml';
import { PATRONI_MINIMUMS } from '../cluster/patroni-minimums.js';
import type { ProfileSetting, ProfileSettings } from '../lab/profiles.js';
import { didYouMean } from '../plan/nearest.js';
import { isAtLeast } from '../version.js';
import { entriesIn, kindOf, valueIn, type YamlFile } from './yaml-reader.js';

/** The single deviations of a topology from its profile, by the names that results have. */
export function ownSettings(file: YamlFile, node: ParsedNode, patroniVersion: string): ProfileSettings {
  const settings: Record<string, ProfileSetting> = {};
  for (const { name, key, value } of entriesIn(file, node, 'settings')) {
    if (value === null) {
      throw file.complain(key, `settings: expected a value behind ${name}, found nothing.`);
    }
    const form = formOf(file, key, name);
    const found = valueIn(file, value, `settings: expected ${form.expected} for ${name}`);
    if (!form.accepts(found, patroniVersion)) {
      throw file.complain(
        value,
        `settings: expected ${form.expected} for ${name}, found ${kindOf(value)}.`,
        form.hint?.(patroniVersion),
      );
    }
    settings[name] = { value: found, reason: `set in the topology, line ${file.lineOf(key)}` };
  }
  return settings;
}

/**
 * Patroni's rules about its times, which it enforces from 3.2 on and which nothing but luck replaces before.
 * @param at where to complain of them
 */
export function checkTimes(
  file: YamlFile,
  at: ParsedNode,
  settings: ProfileSettings,
  patroniVersion: string,
): void {
  const value = (name: string) => Number(settings[`patroni.${name}`]?.value);
  const [ttl, loopWait, retryTimeout] = [value('ttl'), value('loop_wait'), value('retry_timeout')];
  if (loopWait + 2 * retryTimeout > ttl) {
    throw file.complain(
      at,
      `expected loop_wait + 2 × retry_timeout to be at most ttl, found ${loopWait} + 2 × ${retryTimeout} > ${ttl}.`,
      'Set patroni.ttl, patroni.loop_wait and patroni.retry_timeout together.',
    );
  }
  for (const [name, least] of PATRONI_MINIMUMS) {
    if (value(name) < least && isAtLeast(patroniVersion, '3.2')) {
      throw file.complain(
        at,
        `expected patroni.${name} to be at least ${least}, which Patroni demands from 3.2 on, found ${value(name)}.`,
      );
    }
  }
}

interface Form {
  readonly expected: string;
  readonly accepts: (value: string | number | boolean, patroniVersion: string) => boolean;
  readonly hint?: (patroniVersion: string) => string | undefined;
}

function whole(least: number): Form {
  return {
    expected: `a whole number from ${least} on`,
    accepts: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= least,
  };
}

const FLAG: Form = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };

const DURATION: Form = {
  expected: 'a duration such as 500ms or 3s',
  accepts: (value) => typeof value === 'string' && /^[1-9]\d{0,6}(ms|s|m)$/.test(value),
};

function oneOf(...words: readonly string[]): Form {
  return {
    expected: `one of ${words.join(', ')}`,
    accepts: (value) => words.includes(String(value)),
  };
}

const SYNCHRONOUS_MODE: Form = {
  expected: 'true, false or quorum',
  accepts: (value, version) =>
    typeof value === 'boolean' || (value === 'quorum' && isAtLeast(version, '4.0')),
  hint: (version) =>
    isAtLeast(version, '4.0') ? undefined : `Patroni ${version} has no quorum, which came with 4.0.`,
};

const FORMS: Readonly<Record<string, Form>> = {
  'patroni.ttl': whole(1),
  'patroni.loop_wait': whole(1),
  'patroni.retry_timeout': whole(1),
  'patroni.maximum_lag_on_failover': whole(0),
  'patroni.primary_start_timeout': whole(0),
  'patroni.check_timeline': FLAG,
  'patroni.failsafe_mode': FLAG,
  'patroni.synchronous_mode': SYNCHRONOUS_MODE,
  'patroni.synchronous_mode_strict': FLAG,
  'patroni.synchronous_node_count': whole(1),
  'haproxy.inter': DURATION,
  'haproxy.fastinter': DURATION,
  'haproxy.fall': whole(1),
  'haproxy.rise': whole(1),
  'haproxy.timeout_connect': DURATION,
  'haproxy.timeout_check': DURATION,
  'watchdog.mode': oneOf('off', 'automatic', 'required'),
};

/** Names of all settings but PostgreSQL's parameters. */
export const SETTING_NAMES: readonly string[] = Object.keys(FORMS);

/** Patroni sets these itself, or they would undo what the rest of the configuration says. */
const NOT_YOURS: readonly string[] = [
  'cluster_name',
  'config_file',
  'data_directory',
  'hba_file',
  'hot_standby',
  'ident_file',
  'listen_addresses',
  'port',
  'primary_conninfo',
  'primary_slot_name',
  'synchronous_standby_names',
  'unix_socket_directories',
];

const PARAMETER: Form = {
  expected: "a value of PostgreSQL's parameter",
  accepts: (value) => typeof value !== 'string' || /^[\x20-\x7e]{1,200}$/.test(value),
};

function formOf(file: YamlFile, key: ParsedNode, name: string): Form {
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
  if (form !== undefined) {
    return form;
  }
  const parameter = /^postgres\.([a-z_]+(?:\.[a-z_]+)?)$/.exec(name)?.[1];
  if (parameter === undefined) {
    const meant = SETTING_NAMES.find((known) => known.endsWith(`.${name}`));
    const hint = meant === undefined ? didYouMean(name, SETTING_NAMES) : ` Did you mean '${meant}'?`;
    throw file.complain(
      key,
      `there is no setting ${JSON.stringify(name)}.${hint}`,
      `Known: ${SETTING_NAMES.join(', ')}, and postgres.NAME for PostgreSQL's parameters.`,
    );
  }
  if (NOT_YOURS.includes(parameter)) {
    throw file.complain(
      key,
      `${name} is not to be set here: Patroni or the rest of the topology decides it.`,
    );
  }
  return PARAMETER;
}
