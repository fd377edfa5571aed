import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { codeOf, UserError } from '../errors.js';

/** Where everything of a lab listens, on the standard ports: each node has an address of its own. */
export const PORTS = { postgres: 5432, api: 8008, etcdClient: 2379, etcdPeer: 2380 } as const;
export const PROXY_PORTS = { rw: 5000, ro: 5001, stats: 7000 } as const;

export const NODE_NAMES = ['n1', 'n2', 'n3'] as const;

/** Address of node 1, 2, 3 of a network `127.0.2`, and of HAProxy. */
export function nodeAddress(network: string, node: string): string {
  return `${network}.${node.slice(1)}`;
}

export function proxyAddress(network: string): string {
  return `${network}.4`;
}

/** A network that is ours until it is released. The processes of the lab hold its ports from then on. */
export interface NetworkClaim {
  /** `127.0.2` */
  readonly network: string;
  release(): Promise<void>;
}

/**
 * Claims a loopback network by listening on a port of it that no lab serves on, which excludes every other lab that
 * starts at the same time, whoever's it is. It is free when nothing listens on any port that the lab will need: what
 * a running lab, even a half-dead one, still holds keeps others away.
 *
 * @param wanted `127.0.7` to have this one and no other
 */
export async function claimNetwork(wanted?: string): Promise<NetworkClaim> {
  const claim = await claimFirst(wanted === undefined ? candidates() : [checked(wanted)]);
  if ('network' in claim) {
    return claim;
  }
  throw await inUse(claim, wanted);
}

/** The first of the networks that is free; if none is, what is in use of the first. */
export async function claimFirst(networks: readonly string[]): Promise<NetworkClaim | Endpoint> {
  let taken: Endpoint | null = null;
  for (const network of networks) {
    const claim = await tryClaim(network);
    if ('network' in claim) {
      return claim;
    }
    taken ??= claim;
  }
  if (taken === null) {
    throw new Error('no network was given');
  }
  return taken;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** On the proxy's address, beside the ports of {@link PROXY_PORTS}. */
const CLAIM_PORT = 7001;

/** Not 127.0.0, where the user's own servers listen, and not 127.0.1, where Debian puts the name of the host. */
function candidates(): readonly string[] {
  return Array.from({ length: 253 }, (_, index) => `127.0.${index + 2}`);
}

function checked(network: string): string {
  const octet = /^127\.0\.(\d{1,3})$/.exec(network)?.[1];
  if (octet === undefined || Number(octet) < 1 || Number(octet) > 254) {
    throw new UserError(
      `A lab's network must be 127.0.1 to 127.0.254, found ${network}.`,
      'Leave it out to have a free one chosen.',
    );
  }
  return `127.0.${Number(octet)}`;
}

async function tryClaim(network: string): Promise<NetworkClaim | Endpoint> {
  const claimed: Endpoint = { host: proxyAddress(network), port: CLAIM_PORT };
  const server = await tryListen(claimed);
  if (server === null) {
    return claimed;
  }
  for (const endpoint of endpointsOf(network)) {
    const probe = await tryListen(endpoint);
    if (probe === null) {
      await close(server);
      return endpoint;
    }
    await close(probe);
  }
  return { network, release: () => close(server) };
}

function endpointsOf(network: string): readonly Endpoint[] {
  const nodes = NODE_NAMES.flatMap((node) =>
    Object.values(PORTS).map((port) => ({ host: nodeAddress(network, node), port })),
  );
  const proxy = Object.values(PROXY_PORTS).map((port) => ({ host: proxyAddress(network), port }));
  return [...nodes, ...proxy];
}

/** Null when the port is in use. */
function tryListen(endpoint: Endpoint): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE') {
        resolve(null);
      } else {
        reject(
          new UserError(
            `A lab must be able to listen on ${endpoint.host}:${endpoint.port}: ${error.message}.`,
            'It needs the whole of 127.0.0.0/8 on the loopback interface, as Linux has it.',
          ),
        );
      }
    });
    server.listen({ ...endpoint, exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

async function inUse({ host, port }: Endpoint, wanted: string | undefined): Promise<UserError> {
  if (await listensEverywhere(port)) {
    return new UserError(
      `A lab needs port ${port} on loopback addresses of its own, and something listens there on all addresses.`,
      `Stop it or let it listen on one address only (\`ss -ltnp 'sport = :${port}'\` names it).`,
    );
  }
  if (wanted !== undefined) {
    return new UserError(
      `The network ${wanted} must be free for the lab, and ${host}:${port} is in use.`,
      `Choose another, or leave it out (\`ss -ltnp 'sport = :${port}'\` names what listens there).`,
    );
  }
  return new UserError(
    'No network from 127.0.2 to 127.0.254 is free for a lab.',
    'Stop labs that are no longer needed with `pgha-bench lab down --name NAME`.',
  );
}

/** Whether a socket listens on 0.0.0.0 or [::] at this port. */
async function listensEverywhere(port: number): Promise<boolean> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      const [, local, , state] = line.trim().split(/\s+/);
      // 0A is LISTEN.
      if (state === '0A' && local !== undefined && local.endsWith(suffix) && /^0+:/.test(local)) {
        return true;
      }
    }
  }
  return false;
}
