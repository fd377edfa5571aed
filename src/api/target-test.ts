import { clusterAccess } from '../cluster/access.js';
import { UserError } from '../errors.js';
import { directly, hostPort, type Secrets, type Target } from '../plan/target.js';
import type { GivenEndpoint } from '../plan/uri.js';
import { type SettledEndpoint, settle } from '../postgres/settle.js';
import type { Given } from './arguments.js';
import type { TargetOptions } from './options.js';
import { readServices } from './services.js';
import { givenChecks, givenEndpoint, labTarget, partsGiven, withPassword } from './target.js';
import {
  type Answer,
  askEtcd,
  askHaproxy,
  askPatroni,
  askPostgres,
  directAddresses,
} from './target-answers.js';
import { readTargetSettings, type TargetSettings } from './target-settings.js';
import { targetGiven } from './texts.js';

export type { Answer as TargetAnswer } from './target-answers.js';

/** What a target said when each of its endpoints was asked. */
export interface TargetTest {
  /** `lab default`, `staging`. */
  readonly target: string;
  /** Whether everything answered as it should. */
  readonly ok: boolean;
  readonly answers: readonly Answer[];
}

/**
 * Asks each endpoint of the target that would be used; nothing is changed.
 * @returns what answered and what did not
 * @throws UserError for what is wrong in what was given, and when there is no target
 */
export async function testTarget(target?: TargetOptions): Promise<TargetTest> {
  return askTarget(targetGiven(target));
}

/** @throws UserError as {@link testTarget} */
export async function askTarget(given: Given): Promise<TargetTest> {
  const settings = await readTargetSettings(given);
  const { name, reach } =
    settings.kind === 'addresses' ? ofAddresses(given, settings) : await ofLab(given, settings);
  const answers = await answersOf(reach);
  return { target: name, ok: answers.every(({ ok }) => ok), answers };
}

/** How each endpoint of a target is reached. */
interface Reach {
  readonly rw: Way;
  readonly ro: Way | undefined;
  readonly patroni: readonly string[];
  readonly target: Pick<
    Target,
    'haproxy' | 'etcd' | 'direct' | 'patroniAccess' | 'haproxyAccess' | 'etcdAccess'
  >;
  readonly secrets: Secrets;
  /** The read-write endpoint's login at another address. */
  readonly direct: (address: { readonly host: string; readonly port: number }) => Promise<SettledEndpoint>;
}

interface Way {
  readonly where: string;
  readonly settle: () => Promise<SettledEndpoint>;
}

async function answersOf({ rw, ro, patroni, target, secrets, direct }: Reach): Promise<readonly Answer[]> {
  const access = clusterAccess(target, secrets);
  const [written, read, cluster, proxy] = await Promise.all([
    askPostgres('rw', rw.where, rw.settle),
    ro === undefined ? [] : askPostgres('ro', ro.where, ro.settle),
    askPatroni(patroni, access.patroni),
    target.haproxy === undefined ? [] : askHaproxy(target.haproxy, access.haproxy),
  ]);
  const [etcd, nodes] = await Promise.all([
    askEtcd(target.etcd ?? [], access.etcd, cluster.scope),
    Promise.all(
      directAddresses(cluster.members, target).map((address) =>
        askPostgres('direct', address.where, () => direct(address)),
      ),
    ),
  ]);
  const strangers = Object.keys(target.direct ?? {})
    .filter((name) => cluster.members.length > 0 && !cluster.members.some((member) => member.name === name))
    .map((name): Answer => {
      const text = `the cluster has no member of this name (${cluster.members.map((member) => member.name).join(', ')})`;
      return { part: 'direct', subject: name, ok: false, text, facts: {} };
    });
  return [written, ...[read].flat(), ...cluster.answers, ...proxy, ...etcd, ...nodes, ...strangers];
}

function ofAddresses(
  given: Given,
  settings: TargetSettings,
): { readonly name: string; readonly reach: Reach } {
  const services = readServices(settings);
  givenChecks(settings);
  const env = withPassword(given.env, settings);
  const rw = givenEndpoint(given, settings, 'rw') ?? partsGiven({ ...given, env });
  const ro = givenEndpoint(given, settings, 'ro');
  const wayOf = (endpoint: GivenEndpoint, settled: Way['settle']): Way => ({
    where: hostPort(endpoint.endpoint),
    settle: settled,
  });
  // As in a run: what is settled for the read-write endpoint, its password and TLS, holds for the members, too.
  const written = once(() => settle(rw, env));
  return {
    name: settings.name ?? hostPort(rw.endpoint),
    reach: {
      rw: wayOf(rw, written),
      ro: ro === undefined ? undefined : wayOf(ro, () => settle(ro, env)),
      patroni: services.patroni === undefined ? [] : [services.patroni],
      target: services.target,
      secrets: services.secrets,
      direct: async (address) => {
        const { endpoint, password } = await written();
        return { endpoint: directly(endpoint, address), password };
      },
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function ofLab(
  given: Given,
  settings: TargetSettings,
): Promise<{ readonly name: string; readonly reach: Reach }> {
  const lab = await labTarget(given, settings);
  if (lab === undefined) {
    throw new UserError(
      'There is no target to test, and no lab is up.',
      "Give --rw URI or --target NAME, or start a lab with 'pgha-bench lab up'.",
    );
  }
  const { target, secrets } = lab;
  const { rw, ro } = target;
  const settled = (endpoint: typeof rw, password: string | undefined): Way => ({
    where: hostPort(endpoint),
    settle: async () => ({ endpoint, password }),
  });
  return {
    name: `lab ${lab.name}`,
    reach: {
      rw: settled(rw, secrets.rwPassword),
      ro: ro === undefined ? undefined : settled(ro, secrets.roPassword),
      patroni: target.patroni,
      target,
      secrets,
      direct: async (address) => ({ endpoint: directly(rw, address), password: secrets.rwPassword }),
    },
  };
}
