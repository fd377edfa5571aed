import { UserError } from '../errors.js';
import { type Lab, readLab } from '../lab/lab.js';
import { parseHaproxyCheck } from '../plan/haproxy-check.js';
import type { Secrets, Target } from '../plan/target.js';
import { endpointOfParts, type GivenEndpoint, parseUri } from '../plan/uri.js';
import { settle } from '../postgres/settle.js';
import { type Environment, type Given, once } from './arguments.js';
import { expectOfLab } from './same-cluster.js';
import { memberUrls, readServices } from './services.js';
import { OF_PGBENCH, OF_SYSBENCH } from './target-flags.js';
import { labelOf, readTargetSettings, type TargetSettings, textOf } from './target-settings.js';

export interface ResolvedTarget {
  readonly target: Target;
  readonly secrets: Secrets;
}

/**
 * The target that is meant: one of the user's own, or a lab that is up. Patroni is asked for its members.
 * @param settings where they have been read already
 * @returns undefined when nobody named any and no lab `default` is up
 * @throws UserError for what is wrong in what was given, for a lab that is not up, and when Patroni does not answer
 */
export async function resolveTarget(
  given: Given,
  settings?: TargetSettings,
): Promise<ResolvedTarget | Lab | undefined> {
  const known = settings ?? (await readTargetSettings(given));
  return known.kind === 'addresses' ? addressTarget(given, known) : labTarget(given, known);
}

/** How HAProxy checks its servers, as far as the user said so. @throws UserError */
export function givenChecks(settings: TargetSettings): Readonly<Record<string, string | number>> {
  const text = textOf(settings, 'haproxy-check');
  return text === undefined ? {} : parseHaproxyCheck(text, labelOf(settings, 'haproxy-check'));
}

async function addressTarget(given: Given, settings: TargetSettings): Promise<ResolvedTarget> {
  const services = readServices(settings);
  givenChecks(settings); // What is wrong in it is told before anything is asked.
  const env = withPassword(given.env, settings);
  const [givenRw, givenRo] = [givenEndpoint(given, settings, 'rw'), givenEndpoint(given, settings, 'ro')];
  const rw = await settle(givenRw ?? partsGiven({ ...given, env }), env);
  const ro = givenRo === undefined ? undefined : await settle(givenRo, env);
  const urls = await memberUrls(settings, services);
  const kind = services.patroni === undefined ? 'server' : 'cluster';
  return {
    target: {
      kind,
      name: settings.name ?? kind,
      rw: rw.endpoint,
      ...(ro === undefined ? {} : { ro: ro.endpoint }),
      patroni: urls,
      ...services.target,
    },
    secrets: {
      ...(rw.password === undefined ? {} : { rwPassword: rw.password }),
      ...(ro?.password === undefined ? {} : { roPassword: ro.password }),
      ...services.secrets,
    },
  };
}

/**
 * The lab that is up; undefined when there is none and none was asked for by name. With --rw and --ro beside its name,
 * the load goes there: to a pooler of one's own in front of the lab, for one.
 * @throws UserError when one was asked for that is not up
 */
export async function labTarget(given: Given, settings: TargetSettings): Promise<Lab | undefined> {
  const lab = await namedLab(given, settings);
  return lab === undefined ? undefined : throughOwnEndpoints(lab, given, settings);
}

/** The same for whoever does not connect to PostgreSQL: other ways into the lab are no matter. @throws UserError as there */
export async function namedLab(given: Given, settings: TargetSettings): Promise<Lab | undefined> {
  const name = textOf(settings, 'lab');
  const lab = await readLab(name ?? 'default', given.stateDir);
  if (lab === undefined && name !== undefined) {
    throw new UserError(
      `${labelOf(settings, 'lab')}: no lab '${name}' is up.`,
      `Start it with 'pgha-bench lab up --name ${name}'.`,
    );
  }
  return lab;
}

async function throughOwnEndpoints(lab: Lab, given: Given, settings: TargetSettings): Promise<Lab> {
  const endpointOf = async (route: 'rw' | 'ro') => {
    const endpoint = givenEndpoint(given, settings, route);
    if (endpoint === undefined) {
      return undefined;
    }
    const other = await settle(endpoint, withPassword(given.env, settings));
    await expectOfLab(lab, other, labelOf(settings, route));
    return other;
  };
  const [rw, ro] = [await endpointOf('rw'), await endpointOf('ro')];
  const target: Target = {
    ...lab.target,
    ...(rw === undefined ? {} : { rw: rw.endpoint }),
    ...(ro === undefined ? {} : { ro: ro.endpoint }),
  };
  const secrets: Secrets = {
    ...lab.secrets,
    ...(rw?.password === undefined ? {} : { rwPassword: rw.password }),
    ...(ro?.password === undefined ? {} : { roPassword: ro.password }),
  };
  return { ...lab, target, secrets };
}

/** An endpoint that is given as a whole; undefined when it is not. @throws UserError */
export function givenEndpoint(
  { env }: Pick<Given, 'env'>,
  settings: TargetSettings,
  route: 'rw' | 'ro',
): GivenEndpoint | undefined {
  const setting = settings.values.get(route);
  return setting === undefined || (route === 'rw' && settings.part !== undefined)
    ? undefined
    : parseUri(setting.text, setting.label, withPassword(env, settings), setting.folder);
}

/** The target's own password stands in for the one that PostgreSQL's programs would use for any server. */
export function withPassword(env: Environment, settings: TargetSettings): Environment {
  const password = textOf(settings, 'password');
  return password === undefined ? env : { ...env, PGPASSWORD: password };
}

/** @throws UserError when pgbench's words and sysbench's are mixed: which of them holds, none of them says */
export function partsGiven({ args, env }: Pick<Given, 'args' | 'env'>): GivenEndpoint {
  const sysbench = OF_SYSBENCH.find((flag) => args[flag] !== undefined);
  const pgbench = OF_PGBENCH.find((flag) => args[flag] !== undefined);
  if (sysbench !== undefined && pgbench !== undefined) {
    throw new UserError(
      `--${pgbench} is pgbench's word for a part of an address, and --${sysbench} sysbench's.`,
      'Use those of one of them.',
    );
  }
  if (sysbench !== undefined) {
    const parts = {
      host: once(args, 'pgsql-host'),
      port: once(args, 'pgsql-port'),
      user: once(args, 'pgsql-user'),
      password: once(args, 'pgsql-password'),
      database: once(args, 'pgsql-db'),
    };
    return endpointOfParts(parts, 'sysbench', env);
  }
  const parts = {
    host: once(args, 'host'),
    port: once(args, 'port'),
    user: once(args, 'username'),
    password: undefined,
    database: once(args, 'dbname'),
  };
  return endpointOfParts(parts, 'libpq', env);
}
