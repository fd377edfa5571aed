import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates } from '../cluster/certificates.fixture.js';
import { askEtcd, askHaproxy } from './target-answers.js';

let directory: string;
let server: Server;
let url: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pgha-answers-'));
  makeCertificates(directory);
  const read = (name: string) => readFileSync(join(directory, name));
  server = createServer({ key: read('server.key'), cert: read('server.pem') }, (_, reply) => {
    reply.writeHead(401).end('no');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

const ask = {
  haproxy: (caFile: string) => askHaproxy({ kind: 'url', url }, { tls: { caFile: join(directory, caFile) } }),
  etcd: (caFile: string) => askEtcd([url], { tls: { caFile: join(directory, caFile) } }, null),
};

describe.each([
  ['haproxy', 'HAProxy'],
  ['etcd', 'etcd'],
] as const)('an answer of %s', (service, name) => {
  it('says which option to give where its certificate is not trusted', async () => {
    const [{ ok, text } = { ok: true, text: '' }] = await ask[service]('foreign.pem');
    expect(ok).toBe(false);
    expect(text).toMatch(
      new RegExp(
        `^The certificate that ${name} shows at https://.* is not trusted: .*Give .* --${service}-ca FILE`,
      ),
    );
    expect(text).not.toMatch(/patroni/i);
  });

  it('says which user and password to look at', async () => {
    const [{ text } = { text: '' }] = await ask[service]('ca.pem');
    expect(text).toContain(`Check --${service}-user and PGHA_BENCH_${service.toUpperCase()}_PASSWORD.`);
  });
});
