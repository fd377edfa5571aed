import { spawn } from 'node:child_process';
import { chmod, chown, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { NODE_NAMES, nodeAddress, proxyAddress } from './network.js';
import { APPLICATION } from './postgres.js';
import type { LabDirectory, LabState } from './state.js';
import type { NodeTls } from './templates/tls.js';

/** The user of Patroni's API, and the one of HAProxy's page. */
export const API_USER = 'patroni';
export const STATS_USER = 'stats';

/** What a certificate stands for: a node, who asks Patroni's API, or any other client. */
export type Holder = (typeof NODE_NAMES)[number] | 'patroni-client' | 'client';

/** The files of one holder. */
export function tlsFiles(directory: LabDirectory, holder: string): NodeTls {
  return {
    caFile: caFile(directory),
    certFile: join(directory.tls, `${holder}.pem`),
    keyFile: join(directory.tls, `${holder}.key`),
  };
}

export function caFile(directory: LabDirectory): string {
  return join(directory.tls, 'ca.pem');
}

/** HAProxy takes certificate and key in one file. */
export function proxyFile(directory: LabDirectory): string {
  return join(directory.tls, 'haproxy.pem');
}

/**
 * Makes the lab's own authority, and what it signs: a certificate for each node, for HAProxy and for two clients, each
 * with its key, valid for a year. Nothing but the lab trusts it. Elliptic curves, since an RSA key takes ten times as
 * long to make.
 * @param openssl path of the program
 */
export async function makeCertificates(
  openssl: string,
  directory: LabDirectory,
  state: LabState,
): Promise<void> {
  const made = new Authority(openssl, directory.tls);
  await made.begin(`pgha-bench lab ${state.name}`);
  const nodes = NODE_NAMES.map((node) =>
    made.sign(node, { name: node, servesAs: nodeAddresses(state, node) }),
  );
  await Promise.all([
    ...nodes,
    made.sign('haproxy', { name: 'haproxy', servesAs: [proxyAddress(state.network)] }),
    made.sign('patroni-client', { name: 'pgha-bench', servesAs: null }),
    made.sign('client', { name: APPLICATION, servesAs: null }),
  ]);
  const parts = ['haproxy.pem', 'haproxy.key'].map((file) => readFile(join(directory.tls, file), 'utf8'));
  await writeFile(proxyFile(directory), (await Promise.all(parts)).join(''));
  await rm(join(directory.tls, 'haproxy.key'));
  await handOver(directory, state);
}

/**
 * PostgreSQL is reached through HAProxy's address, too, which passes TLS through. 127.0.0.1 is where the kernel lets
 * every connection within the lab come from, and etcd compares that with the certificate of a peer.
 */
function nodeAddresses(state: LabState, node: string): readonly string[] {
  return [nodeAddress(state.network, node), proxyAddress(state.network), '127.0.0.1'];
}

/** To the user that the lab runs as. The directory stays root's, so that nothing in it can be swapped for a link. */
async function handOver(directory: LabDirectory, { user }: LabState): Promise<void> {
  const holders = [...NODE_NAMES, 'patroni-client', 'client'];
  const keys = [...holders.map((holder) => tlsFiles(directory, holder).keyFile), proxyFile(directory)];
  for (const key of keys) {
    await chmod(key, 0o600);
    if (user !== null) {
      await chown(key, user.uid, user.gid);
    }
  }
  if (user !== null) {
    await chown(directory.tls, 0, user.gid);
    await chmod(directory.tls, 0o750);
  }
}

interface Subject {
  /** Common name. */
  readonly name: string;
  /**
   * Addresses that it serves under; null for what is a client only. No names: nobody in a lab uses them, and with
   * python3-openssl but without python3-idna, as Debian may have it, urllib3 and with it Patroni fails at the first one.
   */
  readonly servesAs: readonly string[] | null;
}

const DAYS = '365';
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Options that openssl knows from 1.1.1 on. */
class Authority {
  private serial = 1;

  constructor(
    private readonly openssl: string,
    private readonly path: string,
  ) {}

  async begin(name: string): Promise<void> {
    const usage = ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, keyCertSign, cRLSign'];
    const config = await this.configure('ca', name, ['subjectKeyIdentifier = hash', ...usage]);
    const files = ['-keyout', join(this.path, 'ca.key'), '-out', join(this.path, 'ca.pem')];
    await this.run(['req', '-x509', '-config', config, ...NEW_KEY, '-days', DAYS, ...files]);
    await rm(config);
  }

  async sign(file: string, { name, servesAs }: Subject): Promise<void> {
    const purposes = servesAs === null ? 'clientAuth' : 'serverAuth, clientAuth';
    const config = await this.configure(file, name, [
      'basicConstraints = CA:FALSE',
      'keyUsage = critical, digitalSignature',
      `extendedKeyUsage = ${purposes}`,
      ...(servesAs === null
        ? []
        : [`subjectAltName = ${servesAs.map((address) => `IP:${address}`).join(', ')}`]),
    ]);
    const key = join(this.path, `${file}.key`);
    const request = await this.run(['req', '-config', config, ...NEW_KEY, '-keyout', key]);
    const authority = ['-CA', join(this.path, 'ca.pem'), '-CAkey', join(this.path, 'ca.key')];
    const serial = ['-set_serial', String(++this.serial), '-days', DAYS];
    const out = ['-out', join(this.path, `${file}.pem`)];
    const extensions = ['-extfile', config, '-extensions', 'extensions'];
    await this.run(['x509', '-req', ...authority, ...serial, ...extensions, ...out], request);
    await rm(config);
  }

  /** A configuration of our own: the machine's may be missing, or ask for more than a name. */
  private async configure(file: string, name: string, extensions: readonly string[]): Promise<string> {
    const path = join(this.path, `${file}.cnf`);
    const head = ['[req]', 'prompt = no', 'distinguished_name = subject', 'x509_extensions = extensions'];
    const lines = [...head, '[subject]', `CN = ${name}`, '[extensions]', ...extensions, ''];
    await writeFile(path, lines.join('\n'));
    return path;
  }

  /** @returns what it wrote to its output */
  private run(args: readonly string[], input = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.openssl, args, { cwd: this.path, env: { PATH: process.env['PATH'] } });
      let [output, complaint] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
      child.stdin.on('error', () => undefined); // It ended without reading; its exit code tells.
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === 0) {
          resolve(output);
          return;
        }
        const said = complaint.replace(/\s+/g, ' ').trim().slice(-300);
        reject(new UserError(`openssl ${args[0]} failed with exit code ${code}: ${said}.`));
      });
      child.stdin.end(input);
    });
  }
}
