import { expect, it } from 'vitest';
import { startNullServer } from '../null-server/server.js';
import { PostgresNode } from './postgres-node.js';

it('takes no connection that is not bound to its channel where that is required', async () => {
  const { host, port, ...server } = await listening();
  const endpoint = { host, port, user: 'any', database: 'any', sslMode: 'disable' } as const;
  const nodes = [{}, { channelBinding: 'require' } as const].map(
    (binding) => new PostgresNode({ ...endpoint, ...binding }, undefined),
  );
  const looks = nodes.map((node) => node.look(new AbortController().signal));
  await expect(looks[1]).rejects.toMatchObject({ code: 'channel_binding' });
  await expect(looks[0]).resolves.toHaveProperty('standby');
  for (const node of nodes) {
    node.close();
  }
  await server.close();
});

async function listening() {
  const server = await startNullServer();
  return { host: server.host, port: server.port, close: () => server.close() };
}
