import type { ForecastBasis } from '../analysis/forecast.js';
import { UserError } from '../errors.js';
import { parseHaproxyCheck } from '../plan/haproxy-check.js';
import { didYouMean } from '../plan/nearest.js';
import { choice, parseSwitch } from '../plan/words.js';
import { parseInteger } from '../units.js';
import type { Flags } from './flags.js';

/** What a prediction is made of, by the words of the programs themselves. */
export type PredictWord =
  | 'ttl'
  | 'loop_wait'
  | 'retry_timeout'
  | 'primary_start_timeout'
  | 'synchronous_mode'
  | 'failsafe_mode'
  | 'inter'
  | 'fastinter'
  | 'downinter'
  | 'fall'
  | 'rise'
  | 'check_timeout'
  | 'etcd_election_timeout'
  | 'patroni_version'
  | 'proxy'
  | 'members';

/** A word and its value, as typed. */
export type GivenWord = readonly [word: PredictWord, text: string];

/** Words that are options, too: those of HAProxy's server line stand together in --haproxy-check. */
export const OF_SETTINGS: Flags = {
  ttl: { group: 'Settings:', describe: "seconds, as Patroni's others [30]" },
  'loop-wait': { group: 'Settings:', describe: '[10]' },
  'retry-timeout': { group: 'Settings:', describe: '[10]' },
  'primary-start-timeout': { group: 'Settings:', describe: '[300]' },
  'synchronous-mode': { group: 'Settings:', describe: 'on, off or quorum [off]' },
  'failsafe-mode': { group: 'Settings:', describe: 'on or off [off]' },
  'check-timeout': { group: 'Settings:', describe: "HAProxy's timeout check [5s]" },
  'patroni-version': { group: 'Settings:', describe: 'such as 3.0.2 [the newest]' },
  'etcd-election-timeout': { group: 'Settings:', describe: 'ms, or with a unit [1000]' },
  proxy: { group: 'Settings:', describe: 'haproxy, vip or none [haproxy]' },
  members: { group: 'Settings:', describe: 'of the cluster, for reads [3]' },
};

/** The word of an option, `loop-wait`. */
export function wordOfFlag(flag: string): PredictWord {
  return wordOf(flag, '--compare');
}

/** The word of a setting of HAProxy's, `haproxy.timeout_check`. */
export function wordOfCheck(setting: string): PredictWord {
  const name = setting.replace('haproxy.', '');
  return wordOf(name === 'timeout_check' ? 'check_timeout' : name, '--haproxy-check');
}

/**
 * `ttl=20 loop_wait=5`, `profile=fast`: words with their values, separated by spaces or commas.
 * @param further words that are not settings
 * @throws UserError
 */
export function parseWords<Further extends string>(
  text: string,
  what: string,
  further: readonly Further[],
): { readonly words: readonly GivenWord[]; readonly others: ReadonlyMap<Further, string> } {
  const words: GivenWord[] = [];
  const others = new Map<Further, string>();
  for (const each of text.split(/[\s,]+/).filter((piece) => piece !== '')) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(each) ?? [each, each];
    const other = further.find((candidate) => candidate === name);
    if (value === '') {
      throw new UserError(`${what}: expected ${name || 'a setting'}=VALUE, found '${each}'.`);
    }
    if (other === undefined) {
      words.push([wordOf(name, what, further), value]);
    } else {
      others.set(other, value);
    }
  }
  if (words.length === 0 && others.size === 0) {
    throw new UserError(`${what}: expected settings, 'ttl=20 loop_wait=5', or profile=fast, found none.`);
  }
  return { words, others };
}

/** @throws UserError where there is no such word */
function wordOf(name: string, what: string, further: readonly string[] = []): PredictWord {
  const word = PREDICT_WORDS.find((candidate) => candidate === name.replaceAll('-', '_'));
  if (word === undefined) {
    const known = [...further, ...PREDICT_WORDS];
    throw new UserError(
      `${what}: expected one of ${known.join(', ')}, found '${name}'.${didYouMean(name, known)}`,
    );
  }
  return word;
}

/**
 * The same with other values of these.
 * @param what whose values they are, for messages, `--compare`; undefined for options of their own names
 * @throws UserError
 */
export function withWords(
  basis: ForecastBasis,
  words: readonly GivenWord[],
  what: string | undefined,
): ForecastBasis {
  let changed = basis;
  for (const [word, text] of words) {
    const name = what === undefined ? `--${word.replaceAll('_', '-')}` : `${what}: ${word}`;
    const { settings = {}, ...others } = APPLY[word](text, name);
    const given = [...Object.keys(settings), ...Object.keys(others)];
    changed = {
      ...changed,
      ...others,
      settings: { ...changed.settings, ...settings },
      assumed: changed.assumed.filter((each) => !given.includes(each)),
    };
  }
  const list = words.map(([word, text]) => `${word}=${text}`).join(', ');
  return list === '' ? changed : { ...changed, of: `${basis.of} with ${list}` };
}

type Change = Partial<Pick<ForecastBasis, 'settings' | 'patroni' | 'proxy' | 'replicas'>>;

const APPLY: Readonly<Record<PredictWord, (text: string, name: string) => Change>> = {
  ttl: patroniSeconds('ttl', 1),
  loop_wait: patroniSeconds('loop_wait', 1),
  retry_timeout: patroniSeconds('retry_timeout', 1),
  primary_start_timeout: patroniSeconds('primary_start_timeout', 0),
  synchronous_mode: (text, name) => ({
    settings: { 'patroni.synchronous_mode': text === 'quorum' ? text : parseSwitch(text, name) },
  }),
  failsafe_mode: (text, name) => ({ settings: { 'patroni.failsafe_mode': parseSwitch(text, name) } }),
  inter: (text) => ({ settings: parseHaproxyCheck(`inter ${text}`) }),
  fastinter: (text) => ({ settings: parseHaproxyCheck(`fastinter ${text}`) }),
  downinter: (text) => ({ settings: parseHaproxyCheck(`downinter ${text}`) }),
  fall: (text) => ({ settings: parseHaproxyCheck(`fall ${text}`) }),
  rise: (text) => ({ settings: parseHaproxyCheck(`rise ${text}`) }),
  check_timeout: (text, name) => ({ settings: { 'haproxy.timeout_check': time(text, name) } }),
  etcd_election_timeout: (text, name) => ({ settings: { 'etcd.election_timeout': time(text, name) } }),
  patroni_version: (text, name) => ({ patroni: version(text, name) }),
  proxy: (text, name) => ({ proxy: choice(text, name, ['haproxy', 'vip', 'none'] as const) }),
  members: (text, name) => ({ replicas: parseInteger(text, name, { min: 1, max: 100 }) - 1 }),
};

/** All of them. */
export const PREDICT_WORDS = Object.keys(APPLY) as readonly PredictWord[];

/** A number of seconds, as Patroni has it; a unit of seconds is understood. */
function patroniSeconds(setting: string, min: number): (text: string, name: string) => Change {
  return (text, name) => ({
    settings: { [`patroni.${setting}`]: parseInteger(text.replace(/s$/, ''), name, { min, max: 86_400 }) },
  });
}

/** As HAProxy and etcd write it: ms without a unit. */
function time(text: string, name: string): string {
  if (!/^[1-9]\d{0,8}(ms|s|m)?$/.test(text)) {
    throw new UserError(`${name}: expected a time such as 5s, 500ms or 500, found '${text}'.`);
  }
  return text;
}

function version(text: string, name: string): string {
  if (!/^\d+(\.\d+){0,2}$/.test(text)) {
    throw new UserError(`${name}: expected a version such as 4.1 or 3.0.2, found '${text}'.`);
  }
  return text;
}
