import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getHealth } from '../cluster/health.js';
import { getCluster } from '../cluster/patroni.js';
import { type Lab, labDown, labUp } from '../lab/lab.js';
import { Namespace } from '../postgres/namespace.fixture.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import type { Result } from '../result/result.js';
import { BIN, CommandLine } from './command.fixture.js';

/*
 * Connections whose other end says nothing any more, with no proxy between that would cut them. Deadlines are the
 * tool's own, and so are the instants: how late its threads were is told in the result, and taken into account.
 */

const STATEMENT_MS = 1000;
const CONNECT_MS = 1000;
const DEADLINES = ['--statement-timeout', '1s', '--connect-timeout', '1s'];
/** The clock of the deadlines, and the interval that instants of the timeline are told by. */
const TICK_MS = 5;

const cli = new CommandLine();

afterAll(() => cli.remove());

/** The longest time that a thread of the load was late, ms. */
function stallOf({ timeline }: Result): number {
  return Math.max(0, ...timeline.stallMs);
}

function errorsOf({ errors }: Result, code: string) {
  return errors.filter((error) => error.code === code);
}

function countOf(result: Result, code: string): number {
  return errorsOf(result, code).reduce((sum, { count }) => sum + count, 0);
}

/** Lines of the transaction logs: client and when its transaction began and ended, ms since 1970. */
function logged(prefix: string): readonly { client: number; beganMs: number; endedMs: number }[] {
  const files = readdirSync(cli.directory).filter((name) => name.startsWith(`${prefix}.`));
  return files.flatMap((name) =>
    readFileSync(join(cli.directory, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [client, , latencyUs, , seconds, micros] = line.split(' ').map(Number);
        const endedMs = (seconds ?? 0) * 1000 + (micros ?? 0) / 1000;
        return { client: client ?? -1, beganMs: endedMs - (latencyUs ?? 0) / 1000, endedMs };
      }),
  );
}

describe('a primary that is frozen, and clients on it without a proxy', () => {
  const CLIENTS = 8;
  let lab: Lab;
  let uri: string;

  beforeAll(async () => {
    lab = await labUp({ name: 'half', profile: 'fast', stateDir: cli.stateDirectory }, () => undefined);
    await cli.succeed(['init', 'tpcb', '--scale', '1', '--lab', 'half']);
    const { members } = await getCluster(lab.target.patroni[0] ?? '', {});
    const { host, port } = members.find(({ role }) => role === 'leader') ?? {};
    const { user, database } = lab.target.rw;
    uri = `postgresql://${user}:${lab.secrets.rwPassword}@${host}:${port}/${database}?sslmode=disable`;
  });

  afterAll(async () => {
    await labDown('half', cli.stateDirectory);
  });

  it('every client notices within its deadline, tries again, and works again after the thaw', async () => {
    await cli.succeed([
      ...['run', 'tpcb', '--clients', String(CLIENTS), '--duration', '12s', '--out', 'frozen'],
      ...[
        '--lab',
        'half',
        '--rw',
        uri,
        ...DEADLINES,
        '--log',
        '--log-prefix',
        'frozen',
        '--direct-writes',
        'on',
      ],
      // Thawed before its key expires, so that it leads on.
      ...['--fault', 'freeze-node:4s@3s'],
    ]);
    const result = await cli.result('frozen');
    const [fault] = result.faults;
    const [frozenMs, thawedMs] = [fault?.askedAtMs ?? Number.NaN, fault?.undoneAtMs ?? Number.NaN];
    expect(fault).toMatchObject({ failure: null, undoFailure: null });
    expect(result.run.status).toBe('completed');

    // The first deadline of each client is over one statement behind the freeze, before any connection can fail.
    const lateMs = stallOf(result) + TICK_MS;
    const lastAckMs = Math.max(
      ...(result.timeline.lastAckMs.rw ?? []).flatMap((atMs) =>
        atMs !== null && atMs < thawedMs ? [atMs] : [],
      ),
    );
    const noticedMs = Math.max(frozenMs, lastAckMs) + STATEMENT_MS + lateMs;
    const deadlines = errorsOf(result, 'statement_timeout');
    expect(countOf(result, 'statement_timeout')).toBeGreaterThanOrEqual(CLIENTS);
    for (const { firstMs } of deadlines) {
      expect(firstMs).toBeLessThanOrEqual(noticedMs);
      expect(firstMs).toBeGreaterThanOrEqual(STATEMENT_MS);
    }
    // The kernel takes connections, and nobody answers.
    expect(countOf(result, 'connect_timeout')).toBeGreaterThanOrEqual(CLIENTS);
    for (const client of result.clients) {
      expect(client.connects).toBeGreaterThan(1);
      expect(client.lastAckMs).toBeGreaterThan(thawedMs);
      // It hung in the freeze, and not longer than until it could connect again.
      expect(client.longestGap?.fromMs).toBeLessThanOrEqual(noticedMs);
      expect(client.longestGap?.toMs).toBeGreaterThanOrEqual(thawedMs);
    }
    expect(result.analysis.rounds[0]?.clientsBack).toBe(CLIENTS);
    expect(result.analysis.rounds[0]).toMatchObject({
      prediction: null,
      unpredicted: expect.stringContaining('one member itself'),
    });

    // Each client's own lines say the same: one transaction was under way until the thaw, and others before and behind. It
    // need not be the one that the freeze hit: a commit without an answer is not tried again.
    const startMs = Date.parse(result.run.startedAt);
    const lines = logged('frozen');
    for (let client = 0; client < CLIENTS; client++) {
      const own = lines.filter((line) => line.client === client);
      const hung = own.filter(
        ({ beganMs, endedMs }) => beganMs - startMs < thawedMs && endedMs - startMs > thawedMs,
      );
      expect(hung.length).toBeGreaterThanOrEqual(1);
      expect(own.at(0)?.endedMs).toBeLessThan(startMs + frozenMs);
      expect(own.at(-1)?.beganMs).toBeGreaterThan(startMs + thawedMs);
    }

    // Nothing outlasts the load but what is in flight, which has its deadline.
    expect(result.run.elapsedMs).toBeLessThanOrEqual(12_000 + STATEMENT_MS + lateMs);
    expect(result.commits?.primary).toMatchObject({ ackedLost: 0, ghosts: 0 });
    expect(result.events.some(({ layer, kind }) => layer === 'postgres' && kind === 'pg_down')).toBe(true);
  });

  it('Ctrl-C in the freeze ends the run, and the node is thawed', async () => {
    const running = cli.start([
      ...['run', 'tpcb', '--clients', '4', '--duration', '60s', '--out', 'stopped'],
      ...['--lab', 'half', '--rw', uri, ...DEADLINES, '--fault', 'freeze-node:50s@1s'],
    ]);
    await running.says('failed: connect_timeout');
    running.kill('SIGINT');
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(130);
    const result = await cli.result('stopped');
    expect(result.faults[0]?.undone).toContain('SIGCONT');
    expect(result.run.status).toBe('interrupted');
    await expect
      .poll(async () => (await getHealth(lab.target.patroni, {}, 3)).healthy, { timeout: 60_000 })
      .toBe(true);
  });
});

const problem = Namespace.problem();

describe.skipIf(problem !== undefined)(
  `a server whose packets vanish${problem ? ` (${problem})` : ''}`,
  () => {
    const CLIENTS = 8;
    const network = new Namespace();
    let folder: string;
    let server: PrivateServer;
    let uri: string;

    beforeAll(async () => {
      network.open();
      folder = mkdtempSync(join(tmpdir(), 'pgha-hba-'));
      chmodSync(folder, 0o755);
      const hba = join(folder, 'pg_hba.conf');
      writeFileSync(hba, 'host all all 127.0.0.1/32 trust\nhost all all 198.51.100.0/30 trust\n');
      server = await startPrivateServer({ listen_addresses: `127.0.0.1,${network.host}`, hba_file: hba });
      uri = `postgresql://${server.user}@${network.host}:${server.port}/postgres?sslmode=disable`;
      const local = `postgresql://${server.user}@127.0.0.1:${server.port}/postgres?sslmode=disable`;
      await cli.succeed(['init', 'tpcb', '--scale', '1', '--rw', local]);
    });

    afterAll(async () => {
      await server.stop();
      network.close();
      rmSync(folder, { recursive: true });
    });

    it('every client notices by its deadline, lets go of its sockets, and is back with the link', async () => {
      const run = new WithinRun(network, [
        ...[
          'run',
          'tpcb',
          '--clients',
          String(CLIENTS),
          '--duration',
          '12s',
          '--fault',
          'none',
          '--out',
          'cut',
        ],
        ...['--rw', uri, ...DEADLINES],
      ]);
      await run.says(' 3 / 12 s');
      const before = run.sockets();
      network.cut();
      await run.says(' 7 / 12 s');
      const cut = run.sockets();
      network.mend();
      await run.says('11 / 12 s');
      const after = run.sockets();
      expect(await run.code, run.said).toBe(0);

      const result = await cli.result('cut');
      const lateMs = stallOf(result) + TICK_MS;
      const gap = result.clients.map(({ longestGap }) => longestGap);
      const lastAckMs = Math.max(...gap.map((each) => each?.fromMs ?? Infinity));
      expect(countOf(result, 'statement_timeout')).toBeGreaterThanOrEqual(CLIENTS);
      for (const { firstMs } of errorsOf(result, 'statement_timeout')) {
        expect(firstMs).toBeLessThanOrEqual(lastAckMs + STATEMENT_MS + lateMs);
      }
      expect(countOf(result, 'connect_timeout')).toBeGreaterThanOrEqual(CLIENTS);
      for (const client of result.clients) {
        expect(client.connects).toBeGreaterThan(1);
        expect((client.longestGap?.toMs ?? 0) - (client.longestGap?.fromMs ?? 0)).toBeGreaterThan(
          STATEMENT_MS + CONNECT_MS,
        );
        expect(client.lastAckMs).toBeGreaterThan(client.longestGap?.toMs ?? Infinity);
      }
      // One for each client, those of the probes, and never those that were given up.
      expect(before).toBeGreaterThanOrEqual(CLIENTS);
      expect(cut).toBeLessThanOrEqual(CLIENTS + PROBES);
      expect(after).toBeLessThanOrEqual(CLIENTS + PROBES);
      expect(result.run.elapsedMs).toBeLessThanOrEqual(12_000 + STATEMENT_MS + lateMs);
    });
  },
);

/** Connections that probes may have under way on one endpoint: 32 each of two, and what they keep. */
const PROBES = 2 * 32 + 4;

/** The command line within the namespace. */
class WithinRun {
  readonly code: Promise<number | null>;
  said = '';
  private readonly child: ChildProcess;

  constructor(network: Namespace, words: readonly string[]) {
    const [program = '', ...args] = network.within([process.execPath, BIN, ...words]);
    this.child = spawn(program, args, {
      cwd: cli.directory,
      env: { ...process.env, PGHA_BENCH_STATE: cli.stateDirectory },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child.stderr?.on('data', (chunk) => {
      this.said += chunk;
    });
    this.code = once(this.child, 'close').then(([code]) => code as number | null);
  }

  async says(text: string): Promise<void> {
    while (!this.said.includes(text)) {
      const [event] = await Promise.race([
        once(this.child.stderr as NodeJS.ReadableStream, 'data'),
        this.code.then(() => ['ended']),
      ]);
      if (event === 'ended') {
        throw new Error(`It ended without '${text}': ${this.said}`);
      }
    }
  }

  /** Sockets that the process holds: `ip netns exec` has become it. */
  sockets(): number {
    const folder = `/proc/${this.child.pid}/fd`;
    return readdirSync(folder).filter((fd) => {
      try {
        return readlinkSync(join(folder, fd)).startsWith('socket:');
      } catch {
        return false; // Closed meanwhile.
      }
    }).length;
  }
}
