import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Endpoint } from '../plan/target.js';

const ROOT = '/usr/lib/postgresql';

/** A PostgreSQL of the test's own on a free loopback port, which it may kill as it likes. */
export class PrivateServer {
  private constructor(
    private readonly directory: string,
    private readonly bin: string,
    private readonly user: { uid: number; gid: number } | Record<string, never>,
    readonly port: number,
  ) {}

  private postmaster: ChildProcess | undefined;

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PrivateServer> {
    const [version] = (await readdir(ROOT)).sort((a, b) => Number(b) - Number(a));
    const directory = await mkdtemp(join(tmpdir(), 'pgha-test-'));
    const user = await unprivilegedUser();
    if ('uid' in user) {
      await chown(directory, Number(user.uid), Number(user.gid));
    }
    const server = new PrivateServer(directory, join(ROOT, String(version), 'bin'), user, await freePort());
    await promisify(execFile)(
      join(server.bin, 'initdb'),
      ['-D', server.data, '-A', 'trust', '-U', 'postgres', '-N', '--locale=C', '--encoding=UTF8'],
      { ...user, cwd: directory },
    );
    const all = {
      port: String(server.port),
      listen_addresses: "'127.0.0.1'",
      unix_socket_directories: `'${directory}'`,
      fsync: 'off',
      shared_buffers: '64MB',
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
    await appendFile(join(server.data, 'postgresql.conf'), lines.join(''));
    await server.launch();
    return server;
  }

  get endpoint(): Endpoint {
    return { host: '127.0.0.1', port: this.port, user: 'postgres', database: 'postgres', sslMode: 'disable' };
  }

  /** A connected client; connects again and again while the server starts or recovers. */
  async connect(): Promise<pg.Client> {
    for (;;) {
      const client = new pg.Client({ ...this.endpoint, ssl: false });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return client;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Kills the whole server at once, as a crash does. */
  async crash(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Starts it again after crash(); does not wait for recovery. */
  async launch(): Promise<void> {
    const postmaster = spawn(join(this.bin, 'postgres'), ['-D', this.data], {
      ...this.user,
      cwd: this.directory,
      stdio: 'ignore',
    });
    this.postmaster = postmaster;
    await once(postmaster, 'spawn');
  }

  async stop(): Promise<void> {
    await this.end('SIGQUIT');
    await rm(this.directory, { recursive: true, force: true });
  }

  private get data(): string {
    return join(this.directory, 'data');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { postmaster } = this;
    if (postmaster !== undefined && postmaster.exitCode === null && postmaster.signalCode === null) {
      const ended = once(postmaster, 'exit');
      postmaster.kill(signal);
      await ended;
    }
    this.postmaster = undefined;
  }
}

/** PostgreSQL refuses root; Debian's packages make a user postgres. */
async function unprivilegedUser(): Promise<{ uid: number; gid: number } | Record<string, never>> {
  if (process.getuid?.() !== 0) {
    return {};
  }
  const line = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
