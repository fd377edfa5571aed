import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labEndpoint, labSecrets, labWays } from './access.js';
import { findOpenssl } from './binaries.js';
import { etcdUrl } from './etcd.js';
import { NODE_NAMES } from './network.js';
import { patroniUrl } from './patroni.js';
import { someState } from './state.fixture.js';
import { LabDirectory, type LabState } from './state.js';
import { caFile, makeCertificates, proxyFile, tlsFiles } from './tls.js';

let directory: LabDirectory;
let state: LabState;

beforeAll(async () => {
  directory = new LabDirectory(await mkdtemp(join(tmpdir(), 'pgha-tls-')));
  state = { ...(await someState('secure')), tls: { api: 'of-the-api', stats: 'of-the-page' } };
  await mkdir(directory.tls, { mode: 0o700 });
  await makeCertificates(await findOpenssl(), directory, state);
});

afterAll(async () => {
  await rm(directory.path, { recursive: true });
});

describe('the certificates of a lab', () => {
  it('are all signed by its own authority, for a year', async () => {
    const authority = await certificateIn(caFile(directory));
    expect(authority.ca).toBe(true);
    expect(authority.subject).toBe('CN=pgha-bench lab secure');
    const files = (await readdir(directory.tls)).filter((name) => name.endsWith('.pem') && name !== 'ca.pem');
    expect(files.sort()).toEqual([
      'client.pem',
      'haproxy.pem',
      'n1.pem',
      'n2.pem',
      'n3.pem',
      'patroni-client.pem',
    ]);
    const serials = new Set<string>();
    for (const file of files) {
      const certificate = await certificateIn(join(directory.tls, file));
      expect(certificate.verify(authority.publicKey), file).toBe(true);
      expect(certificate.ca, file).toBe(false);
      const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
      expect(Math.round(days), file).toBe(365);
      serials.add(certificate.serialNumber);
    }
    expect(serials.size).toBe(files.length);
  });

  it('of a node hold its address, that of HAProxy before it, and the one that it connects from', async () => {
    for (const [index, node] of NODE_NAMES.entries()) {
      const certificate = await certificateIn(tlsFiles(directory, node).certFile);
      expect(certificate.subjectAltName).toBe(
        `IP Address:127.0.203.${index + 1}, IP Address:127.0.203.4, IP Address:127.0.0.1`,
      );
      // As a server, and as a client of the others.
      expect(certificate.keyUsage.toSorted()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    }
  });

  it('of clients can serve nothing', async () => {
    for (const holder of ['client', 'patroni-client']) {
      const certificate = await certificateIn(tlsFiles(directory, holder).certFile);
      expect(certificate.keyUsage, holder).toEqual(['1.3.6.1.5.5.7.3.2']);
    }
  });

  it('go with their keys, which nobody else may read', async () => {
    for (const holder of [...NODE_NAMES, 'client', 'patroni-client']) {
      const { certFile, keyFile } = tlsFiles(directory, holder);
      const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
      expect(() => createSecureContext({ cert, key }), holder).not.toThrow();
      expect((await stat(keyFile)).mode & 0o777, holder).toBe(0o600);
    }
    const both = await readFile(proxyFile(directory));
    expect(() => createSecureContext({ cert: both, key: both })).not.toThrow();
    expect((await stat(proxyFile(directory))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory.tls, 'ca.key'))).mode & 0o777).toBe(0o600);
  });

  it('leave nothing else behind', async () => {
    const others = (await readdir(directory.tls)).filter((name) => !/\.(pem|key)$/.test(name));
    expect(others).toEqual([]);
  });

  it('are not made when openssl fails, and what it said is told', async () => {
    const broken = new LabDirectory(join(directory.path, 'broken'));
    await mkdir(broken.tls, { recursive: true });
    const long = { ...state, name: 'x'.repeat(70) }; // A common name may have 64 characters.
    const made = makeCertificates(await findOpenssl(), broken, long);
    await expect(made).rejects.toThrow(/^openssl req failed with exit code 1: .*too long/);
  });
});

describe('the ways into a lab', () => {
  it('are encrypted where it has TLS', () => {
    expect(labEndpoint(directory, state, { host: 'h', port: 1 }, { user: 'u', database: 'd' })).toMatchObject(
      {
        sslMode: 'verify-full',
        tlsFiles: { caFile: caFile(directory) },
      },
    );
    expect(patroniUrl(state, 'n2')).toBe('https://127.0.203.2:8008');
    expect(etcdUrl(state, 'n3')).toBe('https://127.0.203.3:2379');
    expect(labWays(directory, state)).toEqual({
      patroniAccess: { user: 'patroni', ...tlsFiles(directory, 'patroni-client') },
      haproxyAccess: { user: 'stats', caFile: caFile(directory) },
      etcdAccess: tlsFiles(directory, 'client'),
    });
    expect(labSecrets(state)).toMatchObject({
      patroniPassword: 'of-the-api',
      haproxyPassword: 'of-the-page',
    });
  });

  it('are as they were in one that was started before there was TLS', () => {
    const { tls: _, ...before } = state;
    const endpoint = labEndpoint(directory, before, { host: 'h', port: 1 }, { user: 'u', database: 'd' });
    expect(endpoint).toEqual({ host: 'h', port: 1, user: 'u', database: 'd', sslMode: 'disable' });
    expect(patroniUrl(before, 'n2')).toBe('http://127.0.203.2:8008');
    expect(labWays(directory, before)).toEqual({});
    expect(labSecrets(before)).toEqual({ rwPassword: 'a', roPassword: 'a' });
  });
});

async function certificateIn(path: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(path));
}
