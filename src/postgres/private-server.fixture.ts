import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import pg from 'pg';
import { freePort } from '../free-port.fixture.js';
import type { Endpoint } from '../plan/target.js';

/** @param settings of postgresql.conf, beside those that make it fast to start */
export async function startPrivateServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<PrivateServer> {
  const server = new PrivateServer(await freePort(), settings);
  try {
    server.initialise();
    await server.launch();
    await (await server.connect()).end();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A PostgreSQL of a test's own, on a free port of loopback, without passwords and without fsync; it may be killed. */
export class PrivateServer {
  readonly host = '127.0.0.1';
  readonly user = 'tester';
  /** Folder of initdb, psql and pgbench of the same version. */
  readonly binaries = newestBinaries();
  private readonly owner = unprivileged();
  private readonly folder = mkdtempSync(join(tmpdir(), 'pgha-bench-server-'));
  private postmaster: ChildProcess | undefined;

  constructor(
    readonly port: number,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  get endpoint(): Endpoint {
    return { host: this.host, port: this.port, user: this.user, database: 'postgres', sslMode: 'disable' };
  }

  get uri(): string {
    return `postgresql://${this.user}@${this.host}:${this.port}/postgres?sslmode=disable`;
  }

  /** A connected client, as soon as there can be one: the server may still start or recover. The caller ends it. */
  async connect(database = 'postgres'): Promise<pg.Client> {
    for (;;) {
      const client = new pg.Client({
        host: this.host,
        port: this.port,
        user: this.user,
        database,
        ssl: false,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return client;
      } catch (error) {
        if (this.postmaster === undefined || this.postmaster.exitCode !== null) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Runs a client program of PostgreSQL, such as pgbench, against the database; returns its output. */
  run(program: string, args: readonly string[], database = 'postgres'): { stdout: string; stderr: string } {
    const child = spawnSync(join(this.binaries, program), args, {
      encoding: 'utf8',
      // A dump of some tables is larger than the default.
      maxBuffer: 256 * 1024 * 1024,
      env: {
        ...process.env,
        PGHOST: this.host,
        PGPORT: String(this.port),
        PGUSER: this.user,
        PGDATABASE: database,
      },
    });
    if (child.status !== 0) {
      throw new Error(
        `${program} ${args.join(' ')} ended with ${child.error?.message ?? child.status}: ${child.stderr}`,
      );
    }
    return { stdout: child.stdout, stderr: child.stderr };
  }

  initialise(): void {
    if (this.owner.uid !== undefined && this.owner.gid !== undefined) {
      chownSync(this.folder, this.owner.uid, this.owner.gid);
    }
    execFileSync(
      join(this.binaries, 'initdb'),
      ['-D', this.data, '-U', this.user, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...this.owner, cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
  }

  /** A certificate that nobody signed, made with openssl, which PostgreSQL's packages bring along. */
  async offerTls(): Promise<void> {
    const key = join(this.folder, 'server.key');
    const certificate = join(this.folder, 'server.crt');
    const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=test', '-days', '2'];
    execFileSync('openssl', [...words, '-keyout', key, '-out', certificate], {
      ...this.owner,
      stdio: 'ignore',
    });
    await this.set({ ssl_key_file: key, ssl_cert_file: certificate, ssl: 'on' });
  }

  /** Changes settings that take a reload. */
  async set(settings: Readonly<Record<string, string>>): Promise<void> {
    const sql = await this.connect();
    for (const [name, value] of Object.entries(settings)) {
      await sql.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    }
    await sql.query('SELECT pg_reload_conf()');
    await sql.end();
  }

  /** Puts lines in front of those of pg_hba.conf; the user of the server stays in. */
  async restrict(lines: readonly string[]): Promise<void> {
    const file = join(this.data, 'pg_hba.conf');
    writeFileSync(file, [...lines, readFileSync(file, 'utf8')].join('\n'));
    await this.set({});
  }

  /** A copy of a file that the server may read, and nobody else. */
  take(file: string): string {
    const copy = join(this.folder, basename(file));
    copyFileSync(file, copy);
    chmodSync(copy, 0o600);
    if (this.owner.uid !== undefined && this.owner.gid !== undefined) {
      chownSync(copy, this.owner.uid, this.owner.gid);
    }
    return copy;
  }

  /** Starts it, after crash() again; does not wait until it is ready. */
  async launch(): Promise<void> {
    const settings = {
      listen_addresses: this.host,
      port: String(this.port),
      unix_socket_directories: this.folder,
      fsync: 'off',
      ...this.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.postmaster = spawn(join(this.binaries, 'postgres'), ['-D', this.data, ...args], {
      ...this.owner,
      cwd: this.folder,
      stdio: 'ignore',
    });
    await once(this.postmaster, 'spawn');
  }

  /** Kills the whole server at once. */
  async crash(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops the server and removes its files. */
  async stop(): Promise<void> {
    await this.end('SIGQUIT');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { postmaster } = this;
    this.postmaster = undefined;
    if (postmaster !== undefined && postmaster.exitCode === null && postmaster.signalCode === null) {
      const ended = once(postmaster, 'exit');
      postmaster.kill(signal);
      await ended;
    }
  }
}

/** initdb refuses root: the owner of the packages' own server is there wherever PostgreSQL is. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) {
    return {};
  }
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function newestBinaries(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).filter((version) => /^\d+$/.test(version)) : [];
  const [newest] = versions
    .filter((version) => existsSync(join(root, version, 'bin', 'initdb')))
    .sort((a, b) => Number(b) - Number(a));
  if (newest === undefined) {
    throw new Error(`There is no PostgreSQL server in ${root}.`);
  }
  return join(root, newest, 'bin');
}
