import { execFile, spawn } from 'node:child_process';
import { appendFileSync, realpathSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.js';
import type { Binaries } from '../lab/binaries.js';
import { postmasterOf, sharedMemoryOf } from '../lab/postgres.js';
import {
  descendantsOf,
  type ProcessRecord,
  processesIn,
  sendSignal,
  spawnDetached,
  waitForEnd,
} from '../lab/process.js';
import type { UnixUser } from '../lab/user.js';

export interface Said {
  readonly code: number | null;
  readonly text: string;
}

/** Hosts of a rendered directory, all on this machine: what systemd and the steps do on hosts of their own. */
export class RenderedLab {
  private readonly started: { readonly what: string; readonly record: ProcessRecord }[] = [];

  constructor(
    private readonly directory: string,
    private readonly hosts: readonly string[],
    private readonly binaries: Binaries,
    private readonly user: UnixUser | null,
    /** Of PostgreSQL on each host. */
    private readonly data: string,
  ) {}

  path(host: string, path: string): string {
    return join(this.directory, host, path);
  }

  /** What packages and steps make on a host, and whose the files are there. */
  async settle(directories: readonly string[]): Promise<void> {
    for (const host of this.hosts) {
      for (const path of directories) {
        await mkdir(this.path(host, path), { recursive: true, mode: 0o755 });
      }
    }
    await this.handOver(this.directory);
    await chmod(this.directory, 0o755);
  }

  async startEtcd(host: string): Promise<void> {
    const text = await readFile(this.path(host, '/etc/default/etcd'), 'utf8');
    await this.start(host, 'etcd', this.binaries.etcd, [], environmentOf(text));
  }

  async startPatroni(host: string): Promise<void> {
    await this.start(
      host,
      'patroni',
      this.binaries.patroni,
      [this.path(host, '/etc/patroni/config.yml')],
      {},
    );
  }

  async startHaproxy(host: string): Promise<void> {
    const config = this.path(host, '/etc/haproxy/haproxy.cfg');
    await this.start(host, 'haproxy', this.binaries.haproxy, ['-db', '-f', config], {});
  }

  /** Runs a program as the user of the lab until it ends. @param input for its standard input */
  async ask(command: string, args: readonly string[], input = ''): Promise<Said> {
    const child = spawn(command, args, { cwd: '/', stdio: 'pipe', ...this.identity() });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        text += chunk;
      });
    }
    // Whoever ends before it has read everything says why by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, text }));
    });
  }

  /** Waits until it returns null; what it throws counts as missing. */
  async until(what: string, missing: () => Promise<string | null>): Promise<void> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const reason = await missing().catch(messageOf);
      if (reason === null) {
        return;
      }
      if (performance.now() > deadline) {
        throw new Error(`waited 60 s until ${what}: ${reason}\n${await this.logs()}`);
      }
      await sleep(50);
    }
  }

  /** Ends everything that was started, by the pids that were recorded, and what that started. */
  async stop(): Promise<void> {
    const records = this.started.filter(({ what }) => what !== 'etcd').map(({ record }) => record);
    await kill([...records, ...(await descendantsOf(records))]);
    const files: string[] = [];
    for (const host of this.hosts) {
      const postmaster = await postmasterOf(this.path(host, this.data)).catch(() => null);
      if (postmaster !== null) {
        files.push(...(await sharedMemoryOf([postmaster])));
        await sendSignal(postmaster, 'SIGQUIT');
        await waitForEnd([postmaster], 5000);
      }
    }
    await kill(await processesIn(realpathSync(this.directory), [join(this.binaries.pgBin, 'postgres')]));
    await kill(this.started.map(({ record }) => record));
    await Promise.all(files.map((file) => rm(file, { force: true })));
  }

  private async start(
    host: string,
    what: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<void> {
    const spec = {
      command,
      args,
      cwd: join(this.directory, host),
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', HOME: join(this.directory, host), ...env },
      logFile: join(this.directory, `${host}-${what}.log`),
      user: this.user,
    };
    await spawnDetached(spec, (record) => {
      // On disk, too, should this test be killed.
      appendFileSync(join(this.directory, 'processes'), `${JSON.stringify({ what, host, ...record })}\n`);
      this.started.push({ what, record });
    });
  }

  private identity(): { readonly uid?: number; readonly gid?: number } {
    return this.user === null ? {} : { uid: this.user.uid, gid: this.user.gid };
  }

  private async handOver(path: string): Promise<void> {
    if (this.user === null) {
      return;
    }
    await chown(path, this.user.uid, this.user.gid);
    for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
      await chown(join(entry.parentPath, entry.name), this.user.uid, this.user.gid);
    }
  }

  private async logs(): Promise<string> {
    const names = (await readdir(this.directory)).filter((name) => name.endsWith('.log'));
    const texts = await Promise.all(
      names.map(async (name) => {
        const lines = (await readFile(join(this.directory, name), 'utf8')).trimEnd().split('\n').slice(-8);
        return `${name}:\n${lines.join('\n')}`;
      }),
    );
    return texts.join('\n');
  }
}

/** As systemd reads an EnvironmentFile without quotes. */
export function environmentOf(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]));
}

async function kill(records: readonly ProcessRecord[]): Promise<void> {
  await Promise.all(records.map((record) => sendSignal(record, 'SIGKILL')));
  await waitForEnd(records, 10_000);
}

/** Whether a unit is one that systemd understands; null where there is no systemd to ask. */
export async function unitProblems(path: string): Promise<string | null> {
  return await new Promise((resolve) => {
    execFile('systemd-analyze', ['verify', '--man=no', path], (error, stdout, stderr) => {
      const missing = error !== null && 'code' in error && error.code === 'ENOENT';
      resolve(missing ? null : `${stdout}${stderr}`);
    });
  });
}
