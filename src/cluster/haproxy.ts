import { connect } from 'node:net';
import { messageOf } from '../errors.js';
import type { HaproxyAddress } from '../plan/target.js';
import { EndpointError, type HttpAccess, request } from './http.js';

/** One line of HAProxy's statistics. Null is what this kind of line does not have. */
export interface HaproxyLine {
  readonly kind: 'frontend' | 'backend' | 'server' | 'listener';
  readonly proxy: string;
  /** `FRONTEND`, `BACKEND`, or the name of the server. */
  readonly server: string;
  /** `UP`, `DOWN`, `UP 1/3` while it falls, `DOWN 1/2` while it rises, `MAINT`, `no check`, `OPEN`. */
  readonly status: string;
  readonly sessions: number | null;
  readonly sessionsTotal: number | null;
  readonly sessionLimit: number | null;
  readonly queued: number | null;
  /** Seconds since it went UP or DOWN, whole ones. */
  readonly lastChangeS: number | null;
  readonly downtimeS: number | null;
  /** `L7OK`, `L7STS`, `L4CON`, `L4TOUT`, …; a check that is under way has no mark here, it counts as its last result. */
  readonly checkStatus: string | null;
  /** HTTP status of the last check. */
  readonly checkCode: number | null;
  readonly checkDurationMs: number | null;
  readonly failedChecks: number | null;
  /** Times it went DOWN. */
  readonly downs: number | null;
  readonly connectErrors: number | null;
  /** Good checks until UP, bad ones until DOWN; HAProxy does not tell how often it checks. */
  readonly rise: number | null;
  readonly fall: number | null;
  readonly retries: number | null;
  /** `127.0.0.1:5432` of a server; null on a page that does not show it. */
  readonly address: string | null;
}

/** `show stat`, over the socket or from the CSV page. */
export function getHaproxyStats(
  address: HaproxyAddress,
  access: HttpAccess = {},
): Promise<readonly HaproxyLine[]> {
  return stats(address, 'show stat', access);
}

/** Servers only: all proxies, type 4, all servers. The page has no such filter, so the others are left out here. */
export async function getHaproxyServers(
  address: HaproxyAddress,
  access: HttpAccess = {},
): Promise<readonly HaproxyLine[]> {
  const lines = await stats(address, 'show stat -1 4 -1', access);
  return lines.filter((line) => line.kind === 'server');
}

async function stats(
  address: HaproxyAddress,
  command: string,
  access: HttpAccess,
): Promise<readonly HaproxyLine[]> {
  if (address.kind === 'socket') {
    return parseStats(address.path, await haproxyCommand(address.path, command, access));
  }
  const url = csvUrl(address.url);
  const reply = await request('GET', url, access);
  if (reply.status !== 200) {
    throw new EndpointError(url, 'status', `answered ${reply.status}`);
  }
  return parseStats(url, reply.text);
}

/** HAProxy's version; null where the page hides it. */
export async function getHaproxyVersion(
  address: HaproxyAddress,
  access: HttpAccess = {},
): Promise<string | null> {
  if (address.kind === 'socket') {
    const info = await haproxyCommand(address.path, 'show info', access);
    return /^Version:\s*(\S+)/m.exec(info)?.[1] ?? null;
  }
  const reply = await request('GET', address.url.replace(/;csv.*$/, ''), access);
  return /HAProxy version (\d[^\s,<]*)/.exec(reply.text)?.[1] ?? null;
}

/** `show info` by the names in it, `Maxconn`. @throws EndpointError, also for a page, which has no such answer */
export async function getHaproxyInfo(
  address: HaproxyAddress,
  access: HttpAccess = {},
): Promise<ReadonlyMap<string, string>> {
  if (address.kind === 'url') {
    throw new EndpointError(address.url, 'malformed', 'only the stats socket tells that');
  }
  const text = await haproxyCommand(address.path, 'show info', access);
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const [, name, value] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  return new Map(pairs);
}

/** Where a server is and where it is checked. */
export interface HaproxyCheckAddress {
  readonly proxy: string;
  readonly server: string;
  readonly host: string;
  readonly port: number;
  /** Those of the server itself where the configuration names no others; null where it is not checked. */
  readonly checkHost: string;
  readonly checkPort: number | null;
}

/** Of `show servers state`. @throws EndpointError, also for a page, which has no such answer */
export async function getHaproxyCheckAddresses(
  address: HaproxyAddress,
  access: HttpAccess = {},
): Promise<readonly HaproxyCheckAddress[]> {
  if (address.kind === 'url') {
    throw new EndpointError(address.url, 'malformed', 'only the stats socket tells that');
  }
  return parseServersState(address.path, await haproxyCommand(address.path, 'show servers state', access));
}

/** Columns are found by name: each version of HAProxy adds some. */
export function parseServersState(endpoint: string, text: string): readonly HaproxyCheckAddress[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const header = lines.find((line) => line.startsWith('# be_id '));
  if (header === undefined) {
    throw new EndpointError(endpoint, 'malformed', 'answered no states of servers');
  }
  const names = header.slice(2).split(' ');
  return lines.slice(lines.indexOf(header) + 1).map((line) => {
    const values = line.split(' ');
    const text = (name: string): string => values[names.indexOf(name)] ?? '-';
    const host = text('srv_addr');
    const port = Number(text('srv_port'));
    const checkHost = text('srv_check_addr');
    const checkPort = Number(text('srv_check_port'));
    return {
      proxy: text('be_name'),
      server: text('srv_name'),
      host,
      port,
      checkHost: checkHost === '-' ? host : checkHost,
      checkPort: checkPort > 0 ? checkPort : null,
    };
  });
}

/** One command on the stats socket, and its whole answer. */
export function haproxyCommand(path: string, command: string, access: HttpAccess = {}): Promise<string> {
  const timeoutMs = access.timeoutMs ?? 2000;
  return new Promise((resolve, reject) => {
    const socket = connect({ path, signal: access.signal });
    const chunks: Buffer[] = [];
    const deadline = setTimeout(() => {
      reject(new EndpointError(path, 'timeout', `no complete answer within ${timeoutMs} ms`));
      socket.destroy();
    }, timeoutMs);
    socket.on('connect', () => socket.write(`${command}\n`));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error) => {
      clearTimeout(deadline);
      reject(new EndpointError(path, 'transport', messageOf(error), { cause: error }));
    });
    // HAProxy closes after the answer when no prompt was asked for.
    socket.on('end', () => {
      clearTimeout(deadline);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

/** Columns are found by name: each version of HAProxy adds some. */
export function parseStats(endpoint: string, csv: string): readonly HaproxyLine[] {
  const [header, ...lines] = csv.split('\n').filter((line) => line.trim() !== '');
  if (header === undefined || !header.startsWith('# pxname,')) {
    throw new EndpointError(endpoint, 'malformed', 'answered no statistics of HAProxy in CSV');
  }
  const columns = new Map(splitCsv(header.slice(2)).map((name, index) => [name, index]));
  return lines.map((line) => parseLine(columns, splitCsv(line)));
}

function parseLine(columns: ReadonlyMap<string, number>, values: readonly string[]): HaproxyLine {
  const text = (name: string): string => values[columns.get(name) ?? -1] ?? '';
  const number = (name: string): number | null => {
    const value = text(name);
    return /^-?\d+$/.test(value) ? Number(value) : null;
  };
  return {
    kind: KINDS[number('type') ?? -1] ?? 'listener',
    proxy: text('pxname'),
    server: text('svname'),
    status: text('status'),
    sessions: number('scur'),
    sessionsTotal: number('stot'),
    sessionLimit: number('slim'),
    queued: number('qcur'),
    lastChangeS: number('lastchg'),
    downtimeS: number('downtime'),
    // `* L7OK` is a check under way.
    checkStatus: text('check_status').replace(/^\* /, '') || null,
    checkCode: number('check_code'),
    checkDurationMs: number('check_duration'),
    failedChecks: number('chkfail'),
    downs: number('chkdown'),
    connectErrors: number('econ'),
    rise: number('check_rise'),
    fall: number('check_fall'),
    retries: number('wretr'),
    address: text('addr') || null,
  };
}

/** By the value of the column `type`. */
const KINDS: readonly HaproxyLine['kind'][] = ['frontend', 'backend', 'server', 'listener'];

/** Values are quoted where they hold a comma, as the text of a check may. */
function splitCsv(line: string): readonly string[] {
  if (!line.includes('"')) {
    return line.split(',');
  }
  const values: string[] = [];
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    values.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
  }
  return values;
}

/** Users give the address of the page as often as that of the CSV. */
function csvUrl(url: string): string {
  if (/;csv/.test(url)) {
    return url;
  }
  const isBare = /^https?:\/\/[^/]*$/.test(url);
  return isBare ? `${url}/;csv` : `${url};csv`;
}
