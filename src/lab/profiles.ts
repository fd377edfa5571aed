import { choice } from '../plan/words.js';
import { isAtLeast } from '../version.js';
import type { HaproxyTiming } from './templates/haproxy.js';
import type { PatroniTiming } from './templates/patroni.js';

/**
 * `stock`: the sample values of Patroni and HAProxy, so that figures compare with the world. `fast`: the shortest that are
 * supported. `safe`: no acknowledged commit is lost with one host, and an etcd that is away ends no writes.
 */
export type ProfileName = 'stock' | 'fast' | 'safe';

export const PROFILE_NAMES: readonly ProfileName[] = ['stock', 'fast', 'safe'];

/** @param what it is called where it was given @throws UserError where there is no such profile */
export function profileNamed(text: string, what = '--profile'): ProfileName {
  return choice(text, what, PROFILE_NAMES);
}

/** One setting, and why it is as it is: one line without a full stop, for comments and docs. */
export interface ProfileSetting {
  readonly value: string | number | boolean;
  readonly reason: string;
}

/** By the name that results and reports have for it: `patroni.ttl`, `haproxy.inter`; `watchdog.mode` besides. */
export type ProfileSettings = Readonly<Record<string, ProfileSetting>>;

export interface Profile {
  readonly patroni: PatroniTiming;
  readonly haproxy: HaproxyTiming;
}

export function profileOf(name: ProfileName, patroniVersion: string): Profile {
  return profileFrom(profileSettings(name, patroniVersion));
}

/** The settings of a profile; they differ by Patroni's version, which decides what is allowed. */
export function profileSettings(name: ProfileName, patroniVersion: string): ProfileSettings {
  switch (name) {
    case 'stock':
      return STOCK;
    case 'fast':
      return { ...FAST, ...fastest(patroniVersion) };
    case 'safe':
      return { ...SAFE, ...synchronous(patroniVersion) };
  }
}

/** The same as the templates take it. */
export function profileFrom(settings: ProfileSettings): Profile {
  const has = (name: string) => settings[name] !== undefined;
  const { number, text } = readersOf(settings);
  return {
    patroni: {
      ttl: number('patroni.ttl'),
      loopWait: number('patroni.loop_wait'),
      retryTimeout: number('patroni.retry_timeout'),
      maximumLagOnFailover: number('patroni.maximum_lag_on_failover'),
      more: Object.fromEntries(
        FURTHER.filter((name) => has(`patroni.${name}`)).map((name) => [
          name,
          settings[`patroni.${name}`]?.value,
        ]),
      ),
    },
    haproxy: {
      inter: text('haproxy.inter'),
      ...(has('haproxy.fastinter') ? { fastinter: text('haproxy.fastinter') } : {}),
      fall: number('haproxy.fall'),
      rise: number('haproxy.rise'),
      connectTimeout: text('haproxy.timeout_connect'),
      checkTimeout: text('haproxy.timeout_check'),
    },
  };
}

/** What HAProxy does not tell of its checks itself, as results have it. */
export function haproxySettings(haproxy: HaproxyTiming): Readonly<Record<string, string | number>> {
  return {
    'haproxy.inter': haproxy.inter,
    'haproxy.fastinter': haproxy.fastinter ?? haproxy.inter,
    'haproxy.fall': haproxy.fall,
    'haproxy.rise': haproxy.rise,
    'haproxy.timeout_check': haproxy.checkTimeout,
    'haproxy.timeout_connect': haproxy.connectTimeout,
  };
}

/** Patroni's dynamic settings beside the four that every profile has. */
export const FURTHER: readonly string[] = [
  'primary_start_timeout',
  'check_timeline',
  'failsafe_mode',
  'synchronous_mode',
  'synchronous_mode_strict',
  'synchronous_node_count',
];

function readersOf(settings: ProfileSettings): {
  readonly number: (name: string) => number;
  readonly text: (name: string) => string;
} {
  return {
    number: (name) => Number(settings[name]?.value),
    text: (name) => String(settings[name]?.value),
  };
}

const LAG: ProfileSettings = {
  'patroni.maximum_lag_on_failover': {
    value: 1_048_576,
    reason: "Patroni's sample: a replica that lacks more than 1 MB of WAL is no candidate",
  },
};

/** A lab has none, whatever its profile says: it would reset the machine. */
const NO_WATCHDOG: ProfileSettings = {
  'watchdog.mode': {
    value: 'off',
    reason: 'a leader whose Patroni hangs or is killed goes on until it is back',
  },
};

/** From patroni's postgres0.yml and haproxy.cfg. */
const STOCK: ProfileSettings = {
  'patroni.ttl': {
    value: 30,
    reason: "Patroni's sample: a leader that is gone is missed after ttl - loop_wait to ttl, 20 to 30 s",
  },
  'patroni.loop_wait': {
    value: 10,
    reason: "Patroni's sample: so often a leader refreshes its key, and members look around",
  },
  'patroni.retry_timeout': {
    value: 10,
    reason: "Patroni's sample: a leader that cannot reach etcd for so long demotes itself",
  },
  ...LAG,
  'haproxy.inter': {
    value: '3s',
    reason: "Patroni's sample: a new leader gets clients 3 to 6 s after it took over",
  },
  'haproxy.fall': { value: 3, reason: "Patroni's sample: failed checks until a server is out" },
  'haproxy.rise': { value: 2, reason: "Patroni's sample: passed checks until a server is in" },
  'haproxy.timeout_connect': { value: '4s', reason: "Patroni's sample: for a connection to a server" },
  'haproxy.timeout_check': {
    value: '5s',
    reason: "Patroni's sample: a frozen host counts as failed only after this, at each check",
  },
  ...NO_WATCHDOG,
};

const FAST: ProfileSettings = {
  ...LAG,
  'haproxy.inter': { value: '500ms', reason: 'a new leader gets clients within half a second' },
  'haproxy.fastinter': { value: '200ms', reason: 'the second failed check follows at once' },
  'haproxy.fall': { value: 2, reason: 'one lost check alone puts no server out' },
  'haproxy.rise': { value: 1, reason: 'the first passed check is enough' },
  'haproxy.timeout_connect': { value: '1s', reason: 'a host that is gone is given up soon' },
  'haproxy.timeout_check': { value: '1s', reason: 'a frozen host is out after some 3 s' },
  ...NO_WATCHDOG,
};

/**
 * Patroni enforces ttl >= 20, loop_wait >= 1 and retry_timeout >= 3 from 3.2 on. Before, the limits are
 * loop_wait + 2 × retry_timeout <= ttl, and what etcd grants: 1.5 × its election timeout, 2 s by default.
 */
function fastest(patroniVersion: string): ProfileSettings {
  const retry = {
    value: 3,
    reason: 'the shortest that Patroni allows: a pause of etcd of 3 s ends the writes',
  };
  if (isAtLeast(patroniVersion, '3.2')) {
    return {
      'patroni.ttl': { value: 20, reason: 'the shortest that Patroni allows from 3.2 on' },
      'patroni.loop_wait': {
        value: 1,
        reason: 'the shortest: the key of a leader that is gone lasts 19 to 20 s',
      },
      'patroni.retry_timeout': retry,
    };
  }
  return {
    'patroni.ttl': {
      value: 8,
      reason: 'loop_wait + 2 × retry_timeout; Patroni 3.2 and later allow no less than 20',
    },
    'patroni.loop_wait': { value: 2, reason: 'the key of a leader that is gone lasts 6 to 8 s' },
    'patroni.retry_timeout': retry,
  };
}

/** Patroni's times are those of `stock`: they are for a busy core and a slow disk, which must not be taken for a death. */
const SAFE: ProfileSettings = {
  'patroni.ttl': {
    value: 30,
    reason: 'as in the sample: a busy host that is slow for some seconds is not taken for a dead one',
  },
  'patroni.loop_wait': {
    value: 10,
    reason: 'as in the sample; loop_wait + 2 × retry_timeout must not exceed ttl',
  },
  'patroni.retry_timeout': {
    value: 10,
    reason: 'as in the sample: an etcd that pauses for less than this is not noticed',
  },
  ...LAG,
  'patroni.check_timeline': {
    value: true,
    reason: 'a member that is behind on an older timeline is no candidate',
  },
  'patroni.failsafe_mode': {
    value: true,
    reason: 'without etcd the leader goes on as long as it reaches every other member',
  },
  'haproxy.inter': { value: '2s', reason: 'a check takes Patroni a query: not more often than needed' },
  'haproxy.fastinter': { value: '1s', reason: 'between in and out, decide soon' },
  'haproxy.fall': { value: 2, reason: 'an old leader is out after 1 to 3 s …' },
  'haproxy.rise': {
    value: 4,
    reason: '… and a new one in after 3 to 5 s: never two at once to write to',
  },
  'haproxy.timeout_connect': { value: '2s', reason: 'a host that is gone is given up soon' },
  'haproxy.timeout_check': {
    value: '3s',
    reason: 'Patroni on a busy core may take a second; a frozen host is out after some 9 s',
  },
  'watchdog.mode': {
    value: 'automatic',
    reason: 'a leader whose Patroni hangs is reset before another one takes over, where there is a watchdog',
  },
};

/** Not strict: with all replicas gone the leader goes on alone, and nobody who lacks its commits is promoted. */
function synchronous(patroniVersion: string): ProfileSettings {
  const mode: ProfileSetting = isAtLeast(patroniVersion, '4.0')
    ? {
        value: 'quorum',
        reason: 'a commit is on two hosts before it is acknowledged, whichever replica is first',
      }
    : { value: true, reason: 'a commit is on two hosts before it is acknowledged' };
  return {
    'patroni.synchronous_mode': mode,
    'patroni.synchronous_mode_strict': {
      value: false,
      reason: 'with no replica left writes go on, and none that lacks them is promoted by itself',
    },
    'patroni.synchronous_node_count': {
      value: 1,
      reason: 'of three hosts one may be away: a second confirmation would stop the writes then',
    },
  };
}
