import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.fixture.js';
import type { Address } from '../plan/target.js';

/** A PgBouncer of a test's own in front of a server, on a free port of loopback; it asks for no password. */
export class PgBouncer {
  readonly host = '127.0.0.1';
  private readonly folder = mkdtempSync(join(tmpdir(), 'pgha-bench-pgbouncer-'));

  private constructor(
    readonly port: number,
    private child: ChildProcess | undefined,
  ) {}

  /**
   * @param login what it says to the server
   * @param settings of pgbouncer.ini, beside those that a test needs
   */
  static async start(
    server: Address,
    login: { readonly user: string; readonly password: string },
    poolMode: 'session' | 'transaction',
    settings: Readonly<Record<string, string>> = {},
  ): Promise<PgBouncer> {
    const bouncer = new PgBouncer(await freePort(), undefined);
    const file = join(bouncer.folder, 'pgbouncer.ini');
    const server_ = `host=${server.host} port=${server.port} user=${login.user}${login.password === '' ? '' : ` password=${login.password}`}`;
    const all = Object.entries({ pool_mode: poolMode, default_pool_size: '3', ...settings });
    writeFileSync(
      file,
      `[databases]\n* = ${server_}\n[pgbouncer]\nlisten_addr = ${bouncer.host}\nlisten_port = ${bouncer.port}\n` +
        `unix_socket_dir =\nauth_type = any\n${all.map(([name, value]) => `${name} = ${value}\n`).join('')}`,
    );
    chmodSync(bouncer.folder, 0o755);
    bouncer.child = spawn('pgbouncer', ['-q', file], {
      ...unprivileged(),
      cwd: '/',
      env: { PATH: `${process.env['PATH']}:/usr/sbin` },
      stdio: 'ignore',
    });
    try {
      await bouncer.ready();
      return bouncer;
    } catch (error) {
      await bouncer.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ready(): Promise<void> {
    while (!(await isListening(this.port))) {
      if (this.child?.exitCode !== null) {
        throw new Error('PgBouncer did not start.');
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** PgBouncer refuses root, as PostgreSQL does. */
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) {
    return {};
  }
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function isListening(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
  }).then((is) => {
    socket.destroy();
    return is as boolean;
  });
}
