import { basename } from 'node:path';
import type { ForecastBasis } from '../analysis/forecast.js';
import { timingsOf } from '../analysis/timings.js';
import { patroniSettings } from '../cluster/facts.js';
import { UserError } from '../errors.js';
import { haproxySettings, type ProfileName, profileNamed, profileOf } from '../lab/profiles.js';
import { dynamicConfig } from '../lab/templates/patroni.js';
import { parseHaproxyCheck } from '../plan/haproxy-check.js';
import { readTopologyFile } from '../render/read-topology.js';
import { topologySettings } from '../render/topology.js';
import type { ClusterFacts } from '../result/result.js';
import { type Given, once } from './arguments.js';
import { givenClusterFacts } from './cluster-facts.js';
import {
  type GivenWord,
  OF_SETTINGS,
  parseWords,
  withWords,
  wordOfCheck,
  wordOfFlag,
} from './predict-words.js';
import type { TargetSettings } from './target-settings.js';

/** Where settings come from, one of these at most. */
const SOURCES = ['profile', 'topology', 'lab', 'target', 'patroni'] as const;

/**
 * The settings that were given: those of a profile, a topology, a lab or a running cluster, with single ones changed.
 * With none of them named those of the lab that is up; else all is as in the samples of Patroni and HAProxy.
 * @throws UserError for what does not fit together, and when a cluster does not answer
 */
export async function givenBasis(given: Given): Promise<ForecastBasis> {
  const { args } = given;
  const sources = SOURCES.filter((name) => args[name] !== undefined);
  if (sources.length > 1) {
    throw new UserError(
      `--${sources[0]} and --${sources[1]} both say whose settings to take.`,
      'Leave one of them out.',
    );
  }
  if (sources.length === 0 && args['rw'] !== undefined) {
    throw new UserError(
      'Settings are told by Patroni, of which no address was given.',
      'Give --patroni, too.',
    );
  }
  const words = givenWords(given);
  const basis = await namedBasis(given, sources[0], words);
  return withoutHaproxy(withWords(ownFastinter(basis), words, undefined));
}

/**
 * What --compare says: another source, or the settings of the basis with some of them changed.
 * @throws UserError
 */
export async function comparedBasis(
  text: string,
  basis: ForecastBasis,
  given: Given,
): Promise<ForecastBasis> {
  const { words, others } = parseWords(text, '--compare', SOURCES);
  if (others.size === 0) {
    return withoutHaproxy(withWords(basis, words, '--compare'));
  }
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given.args)) {
    // What another cluster is asked with is the same; single settings were those of the basis.
    if (!(SOURCES as readonly string[]).includes(name) && !Object.hasOwn(OF_SETTINGS, name)) {
      own[name] = name === 'haproxy-check' ? undefined : value;
    }
  }
  const version = words.findLast(([word]) => word === 'patroni_version')?.[1];
  const args = {
    ...own,
    ...Object.fromEntries(others),
    ...(version === undefined ? {} : { 'patroni-version': version }),
  };
  const settings = words.filter(([word]) => word !== 'patroni_version');
  return withoutHaproxy(withWords(await givenBasis({ ...given, args }), settings, '--compare'));
}

/** In the order of the help; those of HAProxy's server line first. */
function givenWords({ args }: Given): readonly GivenWord[] {
  const check = once(args, 'haproxy-check');
  const line =
    check === undefined
      ? []
      : Object.entries(parseHaproxyCheck(check)).map(
          ([name, value]) => [wordOfCheck(name), String(value)] as const,
        );
  const own = Object.keys(OF_SETTINGS).flatMap((flag) => {
    const text = once(args, flag);
    return text === undefined ? [] : [[wordOfFlag(flag), text] as const];
  });
  return [...line, ...own];
}

async function namedBasis(
  given: Given,
  source: (typeof SOURCES)[number] | undefined,
  words: readonly GivenWord[],
): Promise<ForecastBasis> {
  const { args } = given;
  if (source === 'topology') {
    return topologyBasis(once(args, source) ?? '');
  }
  if (source === 'profile') {
    const version = words.findLast(([word]) => word === 'patroni_version')?.[1] ?? null;
    return profileBasis(profileNamed(once(args, source) ?? ''), version);
  }
  return runningBasis(given);
}

/** Of the lab or the cluster that was given, or else of the lab that is up; without any the samples'. */
async function runningBasis(given: Given): Promise<ForecastBasis> {
  const asked = await givenClusterFacts(given, refuseSilent);
  return asked === null ? SAMPLES : { ...liveBasis(asked.facts), of: asked.of };
}

/** Settings of nobody in place of those that were asked for would look as good as theirs. */
function refuseSilent({ name, file, chosenBy }: TargetSettings): never {
  throw new UserError(
    `${file}: target '${name}' has no patroni, which tells its settings (${chosenBy} chose it).`,
    "Add it there, give --patroni, or take other settings: --profile NAME, or '--target none' for the samples.",
  );
}

function liveBasis({ settings, patroni, members }: ClusterFacts): Omit<ForecastBasis, 'of'> {
  return {
    patroni,
    proxy: 'haproxy',
    replicas: members.length === 0 ? null : members.filter(({ role }) => !role.includes('leader')).length,
    settings,
    assumed: [],
  };
}

async function topologyBasis(path: string): Promise<ForecastBasis> {
  const topology = await readTopologyFile(path);
  return {
    of: `topology ${basename(path)}`,
    patroni: topology.patroni,
    proxy: topology.proxies.length === 0 ? 'none' : 'haproxy',
    replicas: topology.hosts.length - 1,
    settings: topologySettings(topology),
    assumed: [],
  };
}

function profileBasis(name: ProfileName, patroni: string | null): ForecastBasis {
  const { patroni: timing, haproxy } = profileOf(name, patroni ?? NEWEST);
  return {
    of: `profile ${name}`,
    patroni,
    proxy: 'haproxy',
    replicas: 2,
    settings: { ...patroniSettings(dynamicConfig(timing, {})), ...haproxySettings(haproxy) },
    assumed: patroni === null ? ['patroni'] : [],
  };
}

/** Behind every version. */
const NEWEST = '99';

/** As Patroni and HAProxy come: three members behind HAProxy. */
const SAMPLES: ForecastBasis = {
  ...profileBasis('stock', null),
  of: 'samples of Patroni and HAProxy',
  assumed: [
    'patroni.ttl',
    'patroni.loop_wait',
    'patroni.retry_timeout',
    'patroni.primary_start_timeout',
    'patroni.synchronous_mode',
    'patroni.failsafe_mode',
    'haproxy.inter',
    'haproxy.fall',
    'haproxy.rise',
    'haproxy.timeout_check',
    'patroni',
    'proxy',
    'replicas',
  ],
};

/** A fastinter that only follows inter has to follow another inter, too. */
function ownFastinter(basis: ForecastBasis): ForecastBasis {
  const { interMs, fastinterMs } = timingsOf(basis.settings);
  const { 'haproxy.fastinter': _, ...others } = basis.settings;
  return fastinterMs === interMs ? { ...basis, settings: others } : basis;
}

/** What HAProxy would have done decides nothing where there is none. */
function withoutHaproxy(basis: ForecastBasis): ForecastBasis {
  const isOther = (name: string) => !name.startsWith('haproxy.');
  const settings = Object.entries(basis.settings).filter(([name]) => isOther(name));
  return basis.proxy === 'haproxy'
    ? basis
    : { ...basis, settings: Object.fromEntries(settings), assumed: basis.assumed.filter(isOther) };
}
