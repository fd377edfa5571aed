import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { patroniAccess, tlsProblem } from '../cluster/access.js';
import type { HttpAccess } from '../cluster/http.js';
import { getCluster } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import { type Lab, labDown, labUp, readLab } from '../lab/lab.js';
import type { Endpoint, HaproxyAddress, PatroniAccess, Secrets, Target } from '../plan/target.js';
import { endpointOfParts, type GivenEndpoint, parseUri } from '../plan/uri.js';
import { parseSwitch } from '../plan/words.js';
import { offersTls } from '../postgres/connect.js';
import { type Arguments, once } from './arguments.js';
import type { Flags } from './flags.js';

/** Parts of the address of the read-write endpoint, as sysbench calls them. */
const OF_SYSBENCH = ['pgsql-host', 'pgsql-port', 'pgsql-user', 'pgsql-password', 'pgsql-db'] as const;

/** And as pgbench does. */
const OF_PGBENCH = ['host', 'port', 'username', 'dbname'] as const;

/** How Patroni's API is reached. */
const OF_PATRONI = ['patroni-user', 'patroni-ca', 'patroni-cert', 'patroni-key', 'patroni-insecure'] as const;

/** Options of every command that needs a target. */
export const TARGET_FLAGS = {
  rw: { group: 'Target:', describe: 'read-write endpoint, postgresql://user@host:port/db' },
  ro: { group: 'Target:', describe: 'read-only endpoint' },
  host: { alias: 'h', group: 'Target:', describe: 'of the read-write endpoint, where --rw is absent' },
  port: { alias: 'p', group: 'Target:', describe: 'and its port [5432]' },
  username: { alias: 'U', group: 'Target:', describe: 'and user' },
  dbname: { alias: 'd', group: 'Target:', describe: 'and database; or --pgsql-host … as in sysbench' },
  ...hiddenFlags([...OF_SYSBENCH, 'db-driver']),
  patroni: { group: 'Target:', describe: "one member's REST API, http://host:8008" },
  'patroni-user': {
    group: 'Target:',
    describe: 'of its basic auth; the password: PGHA_BENCH_PATRONI_PASSWORD',
  },
  'patroni-ca': { group: 'Target:', describe: 'PEM file: who signed its certificate' },
  'patroni-cert': { group: 'Target:', describe: 'PEM file: certificate to show it' },
  'patroni-key': { group: 'Target:', describe: 'PEM file: and its key' },
  'patroni-insecure': {
    isSwitch: true,
    group: 'Target:',
    describe: 'accept any certificate of it',
  },
  haproxy: { group: 'Target:', describe: 'its statistics: URL of the page, or socket' },
  etcd: { group: 'Target:', describe: 'client URLs, http://host:2379[,…]' },
  lab: { group: 'Target:', describe: 'name of a lab, where no address is given [default]' },
} as const satisfies Flags;

function hiddenFlags(names: readonly string[]): Flags {
  return Object.fromEntries(
    names.map((name) => [name, { group: 'Target:', describe: "as sysbench's", hidden: true }]),
  );
}

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
  for (const flag of ['ro', 'patroni', ...OF_PATRONI, 'haproxy', 'etcd'] as const) {
    if (args[flag] !== undefined) {
      throw new UserError(
        `--${flag} needs --rw, the read-write endpoint, beside it.`,
        'Without any of them the lab is used.',
      );
    }
  }
  return false;
}

/** The addresses that the user gave. @throws UserError */
export async function givenTarget(args: Arguments): Promise<ResolvedTarget> {
  const patroni = patroniAddress(args);
  const unsupported = 'Access with a password is not supported yet.';
  const haproxy = withoutUserInfo(once(args, 'haproxy'), '--haproxy', unsupported);
  const etcd = withoutUserInfo(once(args, 'etcd'), '--etcd', unsupported);
  const way = patroniWay(args, patroni, process.env);
  const etcdList = etcd === undefined ? undefined : etcdUrls(etcd);
  const rwText = once(args, 'rw');
  const rw = await settled(rwText === undefined ? partsGiven(args) : parseUri(rwText, '--rw', process.env));
  const roText = once(args, 'ro');
  const ro = roText === undefined ? undefined : await settled(parseUri(roText, '--ro', process.env));
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

/** The address of Patroni alone, for what looks at nothing else. @throws UserError */
export async function patroniTarget(
  args: Arguments,
): Promise<{ readonly urls: readonly string[]; readonly access: HttpAccess } | undefined> {
  const url = patroniAddress(args);
  if (url === undefined) {
    return undefined;
  }
  const way = patroniWay(args, url, process.env);
  return { urls: await memberUrls(url, way), access: way.http };
}

/**
 * The lab that is up; undefined when there is none and none was asked for by name. With --rw and --ro beside its name,
 * the load goes there: to a pooler of one's own in front of the lab, for one.
 * @throws UserError when one was asked for that is not up
 */
export async function labTarget(args: Arguments): Promise<Lab | undefined> {
  const name = once(args, 'lab');
  const lab = await readLab(name ?? 'default');
  if (lab === undefined && name !== undefined) {
    throw new UserError(
      `--lab: no lab '${name}' is up.`,
      `Start it with 'pgha-bench lab up --name ${name}'.`,
    );
  }
  return lab === undefined ? undefined : throughOwnEndpoints(lab, args);
}

async function throughOwnEndpoints(lab: Lab, args: Arguments): Promise<Lab> {
  const endpointOf = async (flag: 'rw' | 'ro') => {
    const text = once(args, flag);
    return text === undefined ? undefined : settled(parseUri(text, `--${flag}`, process.env));
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

/** A name of this process alone: another run may start a lab at the same time. */
export const OWN_LAB_NAME = `run-${process.pid}`;

/** A lab for one command: started here, stopped by the caller. */
export interface OwnLab {
  readonly lab: Lab;
  stop(): Promise<void>;
}

/** @param tell lines about what it waits for */
export async function startOwnLab(
  options: { readonly profile: 'stock' | 'fast'; readonly maxConnections: number },
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<OwnLab> {
  const lab = await labUp({ name: OWN_LAB_NAME, ...options }, tell, signal);
  return { lab, stop: () => labDown(OWN_LAB_NAME) };
}

/** @throws UserError when pgbench's words and sysbench's are mixed: which of them holds, none of them says */
function partsGiven(args: Arguments): GivenEndpoint {
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
    return endpointOfParts(parts, 'sysbench', process.env);
  }
  const parts = {
    host: once(args, 'host'),
    port: once(args, 'port'),
    user: once(args, 'username'),
    password: undefined,
    database: once(args, 'dbname'),
  };
  return endpointOfParts(parts, 'libpq', process.env);
}

async function settled({
  endpoint,
  password,
  tls,
}: GivenEndpoint): Promise<{ endpoint: Endpoint; password: string | undefined }> {
  if (tls === 'settled') {
    return { endpoint, password };
  }
  const withTls = await offersTls(endpoint, password);
  return { endpoint: { ...endpoint, sslMode: withTls ? 'require' : 'disable' }, password };
}

/** What stands in a target is written into the result, so that no password may. @throws UserError that does not repeat it */
function withoutUserInfo(text: string | undefined, flag: string, action: string): string | undefined {
  if (text?.includes('@')) {
    throw new UserError(
      `${flag}: expected an address without user and password, found one with '@'.`,
      action,
    );
  }
  return text;
}

function patroniAddress(args: Arguments): string | undefined {
  return withoutUserInfo(
    once(args, 'patroni'),
    '--patroni',
    'Give the user with --patroni-user, and the password in PGHA_BENCH_PATRONI_PASSWORD.',
  );
}

interface PatroniWay {
  /** Undefined when nothing but the address was given. */
  readonly access: PatroniAccess | undefined;
  readonly password: string | undefined;
  readonly http: HttpAccess;
}

/** @throws UserError for what does not fit together, and for a file that cannot be read */
function patroniWay(args: Arguments, url: string | undefined, env: NodeJS.ProcessEnv): PatroniWay {
  const given = OF_PATRONI.find((flag) => args[flag] !== undefined);
  if (url === undefined && given !== undefined) {
    throw new UserError(`--${given} needs --patroni, the address, beside it.`);
  }
  const user = once(args, 'patroni-user');
  const password = env['PGHA_BENCH_PATRONI_PASSWORD'];
  if (user !== undefined && password === undefined) {
    throw new UserError(
      `--patroni-user needs the password of '${user}' in PGHA_BENCH_PATRONI_PASSWORD, found none.`,
    );
  }
  const files = {
    caFile: readableFile(args, 'patroni-ca'),
    certFile: readableFile(args, 'patroni-cert'),
    keyFile: readableFile(args, 'patroni-key'),
  };
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    throw new UserError('--patroni-cert and --patroni-key need each other, found one of them.');
  }
  const insecureText = args['patroni-insecure'] === true ? 'true' : once(args, 'patroni-insecure');
  const insecure = insecureText !== undefined && parseSwitch(insecureText, '--patroni-insecure');
  const access: PatroniAccess = {
    ...(user === undefined ? {} : { user }),
    ...(files.caFile === undefined ? {} : { caFile: files.caFile }),
    ...(files.certFile === undefined ? {} : { certFile: files.certFile }),
    ...(files.keyFile === undefined ? {} : { keyFile: files.keyFile }),
    ...(insecure ? { insecure } : {}),
  };
  const ofUser = user === undefined ? undefined : password;
  const secrets = ofUser === undefined ? {} : { patroniPassword: ofUser };
  return {
    access: Object.keys(access).length === 0 ? undefined : access,
    password: ofUser,
    http: patroniAccess({ patroniAccess: access }, secrets),
  };
}

function readableFile(args: Arguments, flag: (typeof OF_PATRONI)[number]): string | undefined {
  const path = once(args, flag);
  if (path === undefined) {
    return undefined;
  }
  try {
    readFileSync(path);
    return resolve(path);
  } catch (error) {
    throw new UserError(`--${flag}: expected a PEM file, but ${path} cannot be read: ${messageOf(error)}.`);
  }
}

/** The member that was given first: it is known to be reachable from here. */
async function memberUrls(url: string, { http }: PatroniWay): Promise<string[]> {
  if (!/^https?:\/\//.test(url)) {
    throw new UserError(`--patroni: expected a URL such as http://host:8008, found '${url}'.`);
  }
  try {
    const cluster = await getCluster(url, http);
    const others = cluster.members.map((member) => member.apiUrl).filter((other) => other !== url);
    return [url.replace(/\/+$/, ''), ...others];
  } catch (error) {
    throw (
      tlsProblem(url, error, http) ??
      new UserError(
        `--patroni: no cluster answers there: ${messageOf(error)}.`,
        "Give the base URL of a member's REST API.",
      )
    );
  }
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
