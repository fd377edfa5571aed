import { type ClusterAccess, tlsProblem } from '../cluster/access.js';
import { withDirect } from '../cluster/direct.js';
import { getEtcdKey, getEtcdMembers, getEtcdStatus } from '../cluster/etcd.js';
import { getHaproxyServers, getHaproxyVersion } from '../cluster/haproxy.js';
import type { HttpAccess } from '../cluster/http.js';
import { type ClusterMember, getCluster, getMember } from '../cluster/patroni.js';
import { patroniKeys } from '../cluster/patroni-keys.js';
import { messageOf } from '../errors.js';
import { type Endpoint, type HaproxyAddress, hostPort, type Route, type Target } from '../plan/target.js';
import { closeClient, LOOK_TIMEOUT_MS, openClient, queryProblem } from '../postgres/connect.js';
import { socketOf } from '../postgres/pg-client.js';
import type { SettledEndpoint } from '../postgres/settle.js';
import { wayTo } from '../postgres/way.js';

/** What one endpoint of a target said. */
export interface Answer {
  readonly part: Route | 'patroni' | 'haproxy' | 'etcd' | 'direct';
  /** What was asked: a member with its address, a URL, a path. */
  readonly subject: string;
  /** Whether it answered, and as what it is to be. */
  readonly ok: boolean;
  /** One line for people: what was found, or why nothing was. */
  readonly text: string;
  /** What was found, for programs; empty where nothing was. */
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

const TIMEOUT_MS = 5000;

/** An endpoint of PostgreSQL's protocol. @param settle how it is reached @param where to call it before that is known */
export async function askPostgres(
  part: Route | 'direct',
  where: string,
  settle: () => Promise<SettledEndpoint>,
): Promise<Answer> {
  try {
    const { endpoint, password } = await settle();
    const facts = await serverFacts(endpoint, password);
    const isMisled = part === 'rw' && facts.role === 'standby';
    const wrong = isMisled ? 'a standby, which takes no writes: ' : '';
    return { part, subject: where, ok: !isMisled, text: wrong + inWords(facts), facts: { ...facts } };
  } catch (error) {
    return silent(part, where, messageOf(error));
  }
}

interface ServerFacts {
  readonly version: string;
  readonly role: 'primary' | 'standby';
  readonly user: string;
  readonly database: string;
  /** Null without TLS. */
  readonly tls: string | null;
  readonly way: string;
  /** Its own address; null where it has none, behind a Unix socket. */
  readonly server: string | null;
  readonly roundTripMs: number;
}

const LOOK = `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
  pg_is_in_recovery() AS standby, current_user::text AS user, current_database()::text AS database`;

async function serverFacts(endpoint: Endpoint, password: string | undefined): Promise<ServerFacts> {
  const sql = await openClient(endpoint, password, 'look', { queryTimeoutMs: LOOK_TIMEOUT_MS });
  try {
    const { rows } = await sql.query<{ version: string; standby: boolean; user: string; database: string }>(
      LOOK,
    );
    const { kind, servers } = await wayTo(sql, endpoint);
    const { version = '?', standby = false, user = '?', database = '?' } = rows[0] ?? {};
    return {
      version,
      role: standby ? 'standby' : 'primary',
      user,
      database,
      tls: protocolOf(socketOf(sql)),
      way: kind,
      server: servers[0] ?? null,
      roundTripMs: await roundTripMs(() => sql.query('SELECT 1')),
    };
  } catch (error) {
    throw queryProblem(error, endpoint, 'look at the server');
  } finally {
    await closeClient(sql);
  }
}

/** The shortest of a few, ms. */
async function roundTripMs(ask: () => Promise<unknown>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const before = performance.now();
    await ask();
    shortest = Math.min(shortest, performance.now() - before);
  }
  return Math.round(shortest * 1000) / 1000;
}

function protocolOf(socket: object): string | null {
  return 'getProtocol' in socket && typeof socket.getProtocol === 'function' ? socket.getProtocol() : null;
}

const WAYS: Readonly<Record<string, string>> = {
  direct: '',
  proxy: 'through a proxy',
  pooler: 'through a pooler',
  'multi-host': 'of several hosts',
};

function inWords({ version, role, user, tls, way, server, roundTripMs: took }: ServerFacts): string {
  const passed = [WAYS[way] ?? way, ...(way !== 'direct' && server !== null ? [`at ${server}`] : [])];
  return [
    `PostgreSQL ${version}`,
    role,
    `user ${user}`,
    tls ?? 'no TLS',
    ...(way === 'direct' ? [] : [passed.join(' ')]),
    `round trip ${took.toFixed(2)} ms`,
  ].join(', ');
}

/** Patroni's members, as the first that answers lists them, and what each says itself. */
export async function askPatroni(
  urls: readonly string[],
  access: HttpAccess,
): Promise<{
  readonly answers: readonly Answer[];
  readonly members: readonly ClusterMember[];
  readonly scope: string | null;
}> {
  const quick = { ...access, timeoutMs: TIMEOUT_MS };
  const silentOnes: Answer[] = [];
  for (const url of urls) {
    try {
      const { members, scope } = await getCluster(url, quick);
      const asked = await Promise.all(members.map((member) => askMember(member, quick)));
      const told = asked.find(({ facts }) => typeof facts['scope'] === 'string')?.facts['scope'];
      return {
        answers: [...silentOnes, ...asked],
        members,
        scope: scope ?? (typeof told === 'string' ? told : null),
      };
    } catch (error) {
      silentOnes.push(silent('patroni', url, messageOf(tlsProblem('patroni', url, error, access) ?? error)));
    }
  }
  return { answers: silentOnes, members: [], scope: null };
}

async function askMember({ name, apiUrl }: ClusterMember, access: HttpAccess): Promise<Answer> {
  const subject = `${name} ${apiUrl}`;
  try {
    const { role, state, version, scope, timeline } = await getMember(apiUrl, access);
    const text = [
      `Patroni ${version ?? 'of unknown version'}`,
      role,
      state,
      ...(timeline === null ? [] : [`timeline ${timeline}`]),
      ...(scope === null ? [] : [`scope ${scope}`]),
    ].join(', ');
    return {
      part: 'patroni',
      subject,
      ok: true,
      text,
      facts: { name, version, role, state, timeline, scope },
    };
  } catch (error) {
    return silent('patroni', subject, messageOf(tlsProblem('patroni', apiUrl, error, access) ?? error));
  }
}

/** HAProxy's version, and the servers of each of its listeners. */
export async function askHaproxy(address: HaproxyAddress, access: HttpAccess): Promise<readonly Answer[]> {
  const subject = address.kind === 'url' ? address.url : address.path;
  const quick = { ...access, timeoutMs: TIMEOUT_MS };
  try {
    const lines = await getHaproxyServers(address, quick);
    const version = await getHaproxyVersion(address, quick);
    const proxies = [...new Set(lines.map(({ proxy }) => proxy))];
    const head: Answer = {
      part: 'haproxy',
      subject,
      ok: true,
      text: `HAProxy ${version ?? 'that hides its version'}`,
      facts: { version },
    };
    return [
      head,
      ...proxies.map((proxy): Answer => {
        const servers = lines.filter((line) => line.proxy === proxy);
        return {
          part: 'haproxy',
          subject: proxy,
          ok: true,
          text: servers.map(({ server, status }) => `${server} ${status}`).join(', '),
          facts: Object.fromEntries(servers.map(({ server, status }) => [server, status])),
        };
      }),
    ];
  } catch (error) {
    return [silent('haproxy', subject, refusal('haproxy', subject, error, access))];
  }
}

/** etcd's members that were given, and whether Patroni's keys may be read. */
export async function askEtcd(
  urls: readonly string[],
  access: ClusterAccess['etcd'],
  scope: string | null,
): Promise<readonly Answer[]> {
  return Promise.all(urls.map((url) => askEtcdMember(url, { ...access, timeoutMs: TIMEOUT_MS }, scope)));
}

async function askEtcdMember(
  url: string,
  access: ClusterAccess['etcd'],
  scope: string | null,
): Promise<Answer> {
  try {
    const [status, members] = [await getEtcdStatus(url, access), await getEtcdMembers(url, access)];
    const name = members.find(({ id }) => id === status.id)?.name ?? status.id;
    const leads = status.leaderId === status.id;
    const keys = await patroniKeys([url], scope, access);
    const leader = 'missing' in keys ? null : await getEtcdKey(url, `${keys.prefix}leader`, access);
    const text = [
      `etcd ${status.version ?? 'of unknown version'}`,
      `${name} of ${members.length}`,
      leads ? 'leads' : status.leaderId === null ? 'knows of no leader' : 'follows',
      ...(leader === null ? [] : [`Patroni's leader key: ${leader}`]),
    ].join(', ');
    const facts = { name, version: status.version, leads, members: members.length, leaderKey: leader };
    return { part: 'etcd', subject: url, ok: status.leaderId !== null, text, facts };
  } catch (error) {
    return silent('etcd', url, refusal('etcd', url, error, access));
  }
}

/** Addresses of the members' own PostgreSQL, in place of Patroni's where others were given. */
export function directAddresses(
  members: readonly ClusterMember[],
  target: Pick<Target, 'direct'>,
): readonly {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly where: string;
}[] {
  return withDirect(members, target).flatMap(({ name, host, port }) =>
    host === null || port === null
      ? []
      : [{ name, host, port, where: `${name} ${hostPort({ host, port })}` }],
  );
}

/** Messages of clients begin with the endpoint, which stands in front already. */
function silent(part: Answer['part'], subject: string, message: string): Answer {
  const rest = message.startsWith(subject) ? message.slice(subject.length).replace(/^: /, '') : message;
  return { part, subject, ok: false, text: rest.replace(/\s+/g, ' ').trim(), facts: {} };
}

function refusal(service: 'haproxy' | 'etcd', url: string, error: unknown, access: HttpAccess): string {
  const message = messageOf(tlsProblem(service, url, error, access) ?? error);
  return /answered 401/.test(message)
    ? `${message}. Check --${service}-user and PGHA_BENCH_${service.toUpperCase()}_PASSWORD.`
    : message;
}
