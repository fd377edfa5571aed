import { UserError } from '../errors.js';
import { type Lab, readLab } from '../lab/lab.js';
import { parseHaproxyCheck } from '../plan/haproxy-check.js';
import type { HaproxyAddress, Secrets, Target } from '../plan/target.js';
import { endpointOfParts, type GivenEndpoint, parseUri } from '../plan/uri.js';
import { settle } from '../postgres/settle.js';
import { type Arguments, type Given, once } from './arguments.js';
import { memberUrls, patroniAddress, patroniWay, withoutUserInfo } from './patroni-way.js';
import { OF_PATRONI, OF_PGBENCH, OF_SYSBENCH } from './target-flags.js';

export interface ResolvedTarget {
  readonly target: Target;
  readonly secrets: Secrets;
}

/** Whether the user named an address of their own. @throws UserError when one is given that needs another */
export function isTargetGiven(args: Arguments): boolean {
  const driver = once(args, 'db-driver') ?? 'pgsql';
  if (driver !== 'pgsql') {
    throw new UserError(`--db-driver: expected pgsql, found '${driver}'.`);
  }
  const parts = [...OF_PGBENCH, ...OF_SYSBENCH].filter((flag) => args[flag] !== undefined);
  const [part] = parts;
  if (args['rw'] !== undefined && part !== undefined) {
    throw new UserError(`--rw is the whole address, and --${part} a part of one.`, 'Leave one of them out.');
  }
  const address = args['rw'] === undefined ? part : 'rw';
  if (address === 'rw' && args['lab'] !== undefined) {
    return false; // Another way into that lab.
  }
  if (address !== undefined) {
    for (const flag of ['lab', 'profile'] as const) {
      if (args[flag] !== undefined) {
        throw new UserError(
          `--${flag} is for a lab, and --${address} for a target of your own.`,
          'Leave one of them out.',
        );
      }
    }
    return true;
  }
  for (const flag of ['ro', 'patroni', ...OF_PATRONI, 'haproxy', 'haproxy-check', 'etcd'] as const) {
    if (args[flag] !== undefined) {
      throw new UserError(
        `--${flag} needs --rw, the read-write endpoint, beside it.`,
        'Without any of them the lab is used.',
      );
    }
  }
  return false;
}

/** How HAProxy checks its servers, as far as the user said so. @throws UserError */
export function givenChecks(args: Arguments): Readonly<Record<string, string | number>> {
  const text = once(args, 'haproxy-check');
  return text === undefined ? {} : parseHaproxyCheck(text);
}

/** The addresses that the user gave. @throws UserError */
export async function givenTarget(given: Given): Promise<ResolvedTarget> {
  const { args, env } = given;
  const patroni = patroniAddress(args);
  givenChecks(args); // What is wrong in it is told before anything is asked.
  const unsupported = 'Access with a password is not supported yet.';
  const haproxy = withoutUserInfo(once(args, 'haproxy'), '--haproxy', unsupported);
  const etcd = withoutUserInfo(once(args, 'etcd'), '--etcd', unsupported);
  const way = patroniWay(given, patroni);
  const etcdList = etcd === undefined ? undefined : etcdUrls(etcd);
  const rwText = once(args, 'rw');
  const rw = await settle(rwText === undefined ? partsGiven(given) : parseUri(rwText, '--rw', env), env);
  const roText = once(args, 'ro');
  const ro = roText === undefined ? undefined : await settle(parseUri(roText, '--ro', env), env);
  const urls = patroni === undefined ? [] : await memberUrls(patroni, way);
  return {
    target: {
      kind: patroni === undefined ? 'server' : 'cluster',
      name: patroni === undefined ? 'server' : 'cluster',
      rw: rw.endpoint,
      ...(ro === undefined ? {} : { ro: ro.endpoint }),
      patroni: urls,
      ...(way.access === undefined ? {} : { patroniAccess: way.access }),
      ...(etcdList === undefined ? {} : { etcd: etcdList }),
      ...(haproxy === undefined ? {} : { haproxy: haproxyAddress(haproxy) }),
    },
    secrets: {
      ...(rw.password === undefined ? {} : { rwPassword: rw.password }),
      ...(ro?.password === undefined ? {} : { roPassword: ro.password }),
      ...(way.password === undefined ? {} : { patroniPassword: way.password }),
    },
  };
}

/**
 * The lab that is up; undefined when there is none and none was asked for by name. With --rw and --ro beside its name,
 * the load goes there: to a pooler of one's own in front of the lab, for one.
 * @throws UserError when one was asked for that is not up
 */
export async function labTarget(given: Given): Promise<Lab | undefined> {
  const name = once(given.args, 'lab');
  const lab = await readLab(name ?? 'default', given.stateDir);
  if (lab === undefined && name !== undefined) {
    throw new UserError(
      `--lab: no lab '${name}' is up.`,
      `Start it with 'pgha-bench lab up --name ${name}'.`,
    );
  }
  return lab === undefined ? undefined : throughOwnEndpoints(lab, given);
}

async function throughOwnEndpoints(lab: Lab, { args, env }: Given): Promise<Lab> {
  const endpointOf = async (flag: 'rw' | 'ro') => {
    const text = once(args, flag);
    return text === undefined ? undefined : settle(parseUri(text, `--${flag}`, env), env);
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

/** @throws UserError when pgbench's words and sysbench's are mixed: which of them holds, none of them says */
function partsGiven({ args, env }: Given): GivenEndpoint {
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

function etcdUrls(text: string): readonly string[] {
  const urls = text.split(',').map((url) => url.trim().replace(/\/+$/, ''));
  const wrong = urls.find((url) => !/^https?:\/\/[^/]+$/.test(url));
  if (wrong !== undefined) {
    throw new UserError(
      `--etcd: expected URLs such as http://host:2379,http://host2:2379, found '${wrong}'.`,
    );
  }
  return urls;
}

function haproxyAddress(text: string): HaproxyAddress {
  if (/^https?:\/\//.test(text)) {
    return { kind: 'url', url: text };
  }
  if (text.startsWith('/') || text.startsWith('.')) {
    return { kind: 'socket', path: text };
  }
  throw new UserError(
    `--haproxy: expected a URL, http://host:7000, or the path of a stats socket, found '${text}'.`,
  );
}
