import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { claimFirst, claimNetwork, type NetworkClaim } from './network.js';

const claims: NetworkClaim[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const claim of claims.splice(0)) {
    await claim.release();
  }
  for (const server of servers.splice(0)) {
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('claimFirst', () => {
  it('gives each of many that ask at once a network of its own', async () => {
    const networks = ['127.0.210', '127.0.211', '127.0.212', '127.0.213'];
    const found = await Promise.all(networks.map(() => claimFirst(networks)));
    claims.push(...found.filter((each) => 'network' in each));
    expect(claims.map(({ network }) => network).sort()).toEqual(networks);
    expect(await claimFirst(networks)).toMatchObject({ host: '127.0.210.4' });
  });

  it('passes over a network of which something is in use', async () => {
    await listen('127.0.214.3', 8008);
    const found = await claimFirst(['127.0.214', '127.0.215']);
    expect(found).toMatchObject({ network: '127.0.215' });
    claims.push(...[found].filter((each) => 'network' in each));
  });
});

describe('claimNetwork', () => {
  it('chooses one that is neither the loopback address of servers nor that of the host name', async () => {
    expect((await claim()).network).toMatch(/^127\.0\.([2-9]|\d{2,3})$/);
  });

  it('gives a network again once it is released', async () => {
    const first = await claim('127.0.201');
    await expect(claimNetwork('127.0.201')).rejects.toThrow(/127\.0\.201 must be free/);
    await first.release();
    expect((await claim('127.0.201')).network).toBe('127.0.201');
  });

  it.each([
    ['PostgreSQL of n2', '127.0.202.2', 5432],
    ["HAProxy's statistics", '127.0.202.4', 7000],
  ])('names the port when %s is taken', async (_, host, port) => {
    await listen(host, port);
    await expect(claimNetwork('127.0.202')).rejects.toThrow(
      `The network 127.0.202 must be free for the lab, and ${host}:${port} is in use.`,
    );
    servers.splice(0).map((server) => server.close());
    // What it had listened on for the look is free again.
    await claim('127.0.202');
  });

  it.each(['127.0.0', '127.0.255', '127.0.1.1', '10.0.0', 'x'])('refuses %s', async (network) => {
    await expect(claimNetwork(network)).rejects.toThrow(`127.0.1 to 127.0.254, found ${network}`);
  });
});

async function claim(wanted?: string): Promise<NetworkClaim> {
  const claimed = await claimNetwork(wanted);
  claims.push(claimed);
  return claimed;
}

async function listen(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  servers.push(server);
}
