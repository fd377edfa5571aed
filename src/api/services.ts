import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { patroniAccess, tlsProblem } from '../cluster/access.js';
import type { HttpAccess } from '../cluster/http.js';
import { getCluster } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import type { HaproxyAddress, Secrets, ServiceAccess, Target } from '../plan/target.js';
import { parseSwitch } from '../plan/words.js';
import type { TargetKey } from './target-keys.js';
import { labelOf, type TargetSettings, textOf } from './target-settings.js';

/** Patroni, HAProxy and etcd: where they are and how they are reached, as far as the user says so. */
export interface Services {
  readonly target: Pick<
    Target,
    'patroniAccess' | 'haproxy' | 'haproxyAccess' | 'etcd' | 'etcdAccess' | 'direct'
  >;
  /** Base URL of the member that was given. */
  readonly patroni: string | undefined;
  readonly secrets: Pick<Secrets, 'patroniPassword' | 'haproxyPassword' | 'etcdPassword'>;
}

/** Reads them; nothing is connected to. @throws UserError for what does not fit together, and for a file that cannot be read */
export function readServices(settings: TargetSettings): Services {
  const patroni = patroniUrl(settings);
  const haproxy = haproxyAddress(settings);
  const etcd = etcdUrls(settings);
  const direct = directAddresses(settings);
  const ways = {
    patroni: wayOf(settings, 'patroni'),
    haproxy: wayOf(settings, 'haproxy'),
    etcd: wayOf(settings, 'etcd'),
  };
  if (direct !== undefined && patroni === undefined) {
    throw new UserError(
      `${labelOf(settings, 'direct')} needs --patroni, which names the members, beside it.`,
    );
  }
  return {
    patroni,
    target: {
      ...(ways.patroni.access === undefined ? {} : { patroniAccess: ways.patroni.access }),
      ...(haproxy === undefined ? {} : { haproxy }),
      ...(ways.haproxy.access === undefined ? {} : { haproxyAccess: ways.haproxy.access }),
      ...(etcd === undefined ? {} : { etcd }),
      ...(ways.etcd.access === undefined ? {} : { etcdAccess: ways.etcd.access }),
      ...(direct === undefined ? {} : { direct }),
    },
    secrets: {
      ...(ways.patroni.password === undefined ? {} : { patroniPassword: ways.patroni.password }),
      ...(ways.haproxy.password === undefined ? {} : { haproxyPassword: ways.haproxy.password }),
      ...(ways.etcd.password === undefined ? {} : { etcdPassword: ways.etcd.password }),
    },
  };
}

/** All members of the cluster; the one that was given first, for it is known to be reachable from here. @throws UserError */
export async function memberUrls(settings: TargetSettings, services: Services): Promise<readonly string[]> {
  const { patroni: url, target, secrets } = services;
  if (url === undefined) {
    return [];
  }
  const access: HttpAccess = patroniAccess(target, secrets);
  try {
    const cluster = await getCluster(url, access);
    refuseStrangers(
      settings,
      Object.keys(target.direct ?? {}),
      cluster.members.map(({ name }) => name),
    );
    const others = cluster.members.map((member) => member.apiUrl).filter((other) => other !== url);
    return [url, ...others];
  } catch (error) {
    if (error instanceof UserError) {
      throw error;
    }
    throw (
      tlsProblem('patroni', url, error, access) ??
      new UserError(
        `${labelOf(settings, 'patroni')}: no cluster answers there: ${messageOf(error)}.`,
        "Give the base URL of a member's REST API.",
      )
    );
  }
}

function refuseStrangers(
  settings: TargetSettings,
  given: readonly string[],
  members: readonly string[],
): void {
  const stranger = given.find((name) => !members.includes(name));
  if (stranger !== undefined) {
    throw new UserError(
      `${labelOf(settings, 'direct')}: expected names of the cluster's members (${members.join(', ')}), found '${stranger}'.`,
    );
  }
}

type Service = 'patroni' | 'haproxy' | 'etcd';

/** What stands in a target is written into the result, so that no password may. @throws UserError that does not repeat it */
function withoutUserInfo(settings: TargetSettings, service: Service): string | undefined {
  const text = textOf(settings, service);
  if (text?.includes('@')) {
    throw new UserError(
      `${labelOf(settings, service)}: expected an address without user and password, found one with '@'.`,
      `Give the user with --${service}-user, and the password in ${labelOf(settings, `${service}-password`)}.`,
    );
  }
  return text;
}

function patroniUrl(settings: TargetSettings): string | undefined {
  const url = withoutUserInfo(settings, 'patroni');
  if (url !== undefined && !isUrl(url)) {
    throw new UserError(
      `${labelOf(settings, 'patroni')}: expected a URL such as http://host:8008, found '${url}'.`,
    );
  }
  return url?.replace(/\/+$/, '');
}

function haproxyAddress(settings: TargetSettings): HaproxyAddress | undefined {
  const text = withoutUserInfo(settings, 'haproxy');
  if (text === undefined) {
    return undefined;
  }
  if (isUrl(text)) {
    return { kind: 'url', url: text };
  }
  if (text.startsWith('/') || text.startsWith('.')) {
    return { kind: 'socket', path: text };
  }
  throw new UserError(
    `${labelOf(settings, 'haproxy')}: expected a URL, http://host:7000, or the path of a stats socket, found '${text}'.`,
  );
}

function etcdUrls(settings: TargetSettings): readonly string[] | undefined {
  const urls = withoutUserInfo(settings, 'etcd')
    ?.split(',')
    .map((url) => url.trim().replace(/\/+$/, ''));
  const wrong = urls?.find((url) => !/^https?:\/\/[^/]+$/.test(url));
  if (wrong !== undefined) {
    throw new UserError(
      `${labelOf(settings, 'etcd')}: expected URLs such as http://host:2379,http://host2:2379, found '${wrong}'.`,
    );
  }
  return urls;
}

function isUrl(text: string): boolean {
  return /^https?:\/\/[^/]/.test(text) && URL.canParse(text);
}

/** `n1=host:port,n2=[::1]:port` */
function directAddresses(settings: TargetSettings): Target['direct'] {
  const text = textOf(settings, 'direct');
  if (text === undefined) {
    return undefined;
  }
  const addresses = text.split(',').map((part) => {
    const [, name = '', inBrackets, host = inBrackets ?? '', port = ''] =
      /^\s*([^\s=]+)\s*=\s*(?:\[([^\]\s]+)\]|([^\s:[\]]+)):(\d{1,5})\s*$/.exec(part) ?? [];
    if (Number(port) < 1 || Number(port) > 65_535) {
      throw new UserError(
        `${labelOf(settings, 'direct')}: expected members with their addresses, n1=host:port,n2=host:port, found '${part.trim()}'.`,
      );
    }
    return [name, { host, port: Number(port) }] as const;
  });
  const names = addresses.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UserError(`${labelOf(settings, 'direct')}: expected '${twice}' once, found it twice.`);
  }
  return Object.fromEntries(addresses);
}

/** What can be said of a way to a service: HAProxy's page asks for no certificate of ours. */
const WAYS = {
  patroni: ['patroni-user', 'patroni-ca', 'patroni-cert', 'patroni-key', 'patroni-insecure'],
  haproxy: ['haproxy-user', 'haproxy-ca', 'haproxy-insecure'],
  etcd: ['etcd-user', 'etcd-ca', 'etcd-cert', 'etcd-key', 'etcd-insecure'],
} as const satisfies Readonly<Record<Service, readonly TargetKey[]>>;

interface Way {
  /** Undefined when nothing but the address was given. */
  readonly access: ServiceAccess | undefined;
  readonly password: string | undefined;
}

function wayOf(settings: TargetSettings, service: Service): Way {
  const key = WAYS[service].find((each) => textOf(settings, each) !== undefined);
  if (key !== undefined && textOf(settings, service) === undefined) {
    throw new UserError(`${labelOf(settings, key)} needs --${service}, the address, beside it.`);
  }
  const user = textOf(settings, `${service}-user`);
  const secret = `${service}-password` as const;
  const password = textOf(settings, secret);
  if (user !== undefined && password === undefined) {
    throw new UserError(
      `${labelOf(settings, `${service}-user`)} needs the password of '${user}' in ${labelOf(settings, secret)}, found none.`,
    );
  }
  const insecure = switchOf(settings, `${service}-insecure`);
  const access: ServiceAccess = {
    ...(user === undefined ? {} : { user }),
    ...files(settings, service),
    ...(insecure === undefined ? {} : { insecure }),
  };
  return {
    access: Object.keys(access).length === 0 ? undefined : access,
    password: user === undefined ? undefined : password,
  };
}

function files(
  settings: TargetSettings,
  service: Service,
): Pick<ServiceAccess, 'caFile' | 'certFile' | 'keyFile'> {
  const caFile = readableFile(settings, `${service}-ca`);
  if (service === 'haproxy') {
    return caFile === undefined ? {} : { caFile };
  }
  const [cert, key] = [`${service}-cert`, `${service}-key`] as const;
  const [certFile, keyFile] = [readableFile(settings, cert), readableFile(settings, key)];
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UserError(
      `${labelOf(settings, cert)} and ${labelOf(settings, key)} need each other, found one of them.`,
    );
  }
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
}

/** One that is off on purpose takes nothing from another service. */
function switchOf(settings: TargetSettings, key: TargetKey): boolean | undefined {
  const text = textOf(settings, key);
  return text === undefined ? undefined : parseSwitch(text, labelOf(settings, key));
}

function readableFile(settings: TargetSettings, key: TargetKey): string | undefined {
  const path = textOf(settings, key);
  if (path === undefined) {
    return undefined;
  }
  try {
    readFileSync(path);
    return resolve(path);
  } catch (error) {
    throw new UserError(
      `${labelOf(settings, key)}: expected a PEM file, but ${path} cannot be read: ${messageOf(error)}.`,
    );
  }
}
