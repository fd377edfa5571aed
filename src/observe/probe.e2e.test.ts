import { once } from 'node:events';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import type { Frame, ProbeFrame } from '../load/frame.js';
import type { Address, Endpoint } from '../plan/target.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { PROBE_CADENCE_MS, PROBE_CONNECTIONS } from './attempt.js';
import { Beats } from './beats.js';
import { ConnectProbe } from './connect-probe.js';
import { Probe } from './probe.js';
import { WatchedFrames } from './watched-frames.fixture.js';

let server: PrivateServer;

beforeAll(async () => {
  server = await startPrivateServer();
});

afterAll(async () => {
  await server.stop();
});

const started: Watched[] = [];

afterEach(() => {
  for (const watched of started.splice(0)) {
    watched.stop();
  }
});

/** A probe that writes, of either kind, and what it emits. */
class Watched {
  readonly frames = new WatchedFrames();
  readonly connect: ConnectProbe;
  readonly service: Probe;

  constructor(endpoint: Endpoint = server.endpoint) {
    const options = {
      route: 'rw',
      session: { endpoint, password: undefined, applicationName: 'probe', identify: false },
      clock: new RunClock(process.hrtime.bigint()),
      intervalMs: 20,
      beats: new Beats(PROBE_CADENCE_MS),
      emit: this.frames.emit,
    } as const;
    this.connect = new ConnectProbe({ ...options, firstAfterMs: 0 });
    this.service = new Probe({ ...options, protocol: 'prepared', newConnections: this.connect });
    started.push(this);
  }

  stop(): void {
    this.service.stop();
    this.connect.stop();
  }

  async next(
    what: 'acks' | 'failures' | 'keptAcks',
    kind: ProbeFrame['kind'] = 'service',
  ): Promise<ProbeFrame> {
    const wanted = (frame: Frame) => frame.probes.find((probe) => probe.kind === kind && probe[what] > 0);
    return wanted(await this.frames.next((frame) => wanted(frame) !== undefined)) as ProbeFrame;
  }
}

it('finds the server again after a crash, and says when it had asked before', async () => {
  const watched = new Watched();
  watched.service.start();
  const first = await watched.next('acks');
  expect(first.keptAcks).toBe(first.acks);
  await server.crash();
  await watched.next('failures');
  await server.launch();
  const found = await watched.next('acks');
  watched.stop();
  expect(found.triedBeforeUs).toBeGreaterThan(0);
  expect(found.triedBeforeUs).toBeLessThan(found.firstAckUs);
  expect(found.keptAcks).toBe(0);
});

it('knows a connection that was there before a fault from one that was made since', async () => {
  const watched = new Watched();
  watched.service.start();
  const before = await watched.next('acks');
  await server.crash();
  await watched.next('failures');
  await server.launch();
  await watched.next('acks');
  const made = await watched.next('acks');
  expect(made.keptAcks).toBe(0);
  watched.service.keepHome();
  const kept = await watched.next('keptAcks');
  // It was there before what comes now, and not before the crash.
  expect(kept.keptSinceUs).toBeGreaterThan(before.lastAckUs);
  expect(kept.keptSinceUs).toBeLessThan(kept.firstKeptAckUs);
  watched.stop();
});

it('tells what the service probe found with its new connections as what new connections find', async () => {
  const watched = new Watched();
  // Without a beat of its own it makes no connection.
  watched.service.start();
  await watched.next('acks');
  await server.crash();
  const failed = await watched.next('failures', 'connect');
  await server.launch();
  await watched.next('acks');
  watched.stop();
  const found = watched.frames.all.flatMap(({ probes }) => probes).findLast(({ kind }) => kind === 'connect');
  expect(failed.lastAckUs).toBeLessThan(found?.firstAckUs ?? 0);
  expect(found?.acks).toBeGreaterThan(0);
  expect(found?.keptAcks).toBe(0);
  expect(found?.triedBeforeUs).toBeGreaterThan(0);
  expect(found?.triedBeforeUs).toBeLessThan(found?.firstAckUs ?? 0);
});

it('makes a new connection for each request', async () => {
  const sql = await server.connect();
  const watched = new Watched();
  const sessions = async () => {
    const { rows } = await sql.query(
      'SELECT sessions::int AS n FROM pg_stat_database WHERE datname = current_database()',
    );
    return (rows[0] as { n: number }).n;
  };
  const before = await sessions();
  watched.connect.dense();
  watched.connect.start();
  let acks = 0;
  while (acks < 20) {
    acks += (await watched.next('acks', 'connect')).acks;
  }
  watched.stop();
  await expect.poll(sessions).toBeGreaterThanOrEqual(before + 20);
  const left = () => sql.query("SELECT FROM pg_stat_activity WHERE application_name = 'probe'");
  await expect.poll(async () => (await left()).rowCount).toBe(0);
  await sql.end();
});

it('connects at the begin of the run, though it did so shortly before', async () => {
  const watched = new Watched();
  watched.connect.start();
  const before = await watched.next('acks', 'connect');
  watched.connect.begin();
  const begun = await watched.next('acks', 'connect');
  watched.stop();
  // In its own time the next one would have come 10 s later.
  expect(begun.firstAckUs - before.firstAckUs).toBeLessThan(5_000_000);
});

it('does not fill the server with connections when commits wait for a standby that never comes', async () => {
  const sql = await server.connect();
  const watched = new Watched();
  watched.connect.start();
  watched.service.start();
  await watched.next('acks');
  await sql.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  await sql.query('SELECT pg_reload_conf()');
  const counts: number[] = [];
  const backends = async () => {
    const { rows } = await sql.query(
      "SELECT count(*)::int AS n, count(*) FILTER (WHERE wait_event = 'SyncRep')::int AS waiting FROM pg_stat_activity WHERE application_name = 'probe'",
    );
    return rows[0] as { n: number; waiting: number };
  };
  watched.connect.dense();
  // Its own connection hangs first, then the few that are tried beside it; from then on there must be hardly more.
  while ((await backends()).waiting < 3) {
    // The next look is the wait.
  }
  for (let look = 0; look < 100; look++) {
    counts.push((await backends()).n);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(Math.max(...counts)).toBeLessThanOrEqual(10);
  await sql.query('ALTER SYSTEM RESET synchronous_standby_names');
  await sql.query('SELECT pg_reload_conf()');
  // The one that hung was there before, whichever of them is answered first.
  await watched.next('keptAcks');
  watched.stop();
  await sql.end();
});

it('waits for a slow server at one of several addresses as long as for one alone', async () => {
  const [slow, refused] = [net.createServer(), net.createServer()];
  for (const each of [slow, refused]) {
    await once(each.listen(0, '127.0.0.1'), 'listening');
  }
  const [first, second] = [slow, refused].map((each) => ({
    host: '127.0.0.1',
    port: (each.address() as net.AddressInfo).port,
  })) as [Address, Address];
  refused.close();
  // Answers nobody before so many have come, one at each beat: later than a third of the patience for one address.
  const held: (() => void)[] = [];
  const sockets = new Set<net.Socket>();
  slow.on('connection', (near) => {
    sockets.add(near.on('error', () => undefined));
    held.push(() => {
      const far = net.connect(server.port, server.host);
      sockets.add(far.on('error', () => undefined));
      near.pipe(far).pipe(near);
    });
    if (held.length >= PROBE_CONNECTIONS / 2) {
      for (const answer of held.splice(0, Number.POSITIVE_INFINITY)) {
        answer();
      }
    }
  });
  const watched = new Watched({ ...server.endpoint, ...first, otherHosts: [second, second] });
  watched.connect.start();
  watched.connect.dense();
  const answered = ({ probes }: Frame) => probes.some(({ acks, failures }) => acks + failures > 0);
  const { probes } = await watched.frames.next(answered);
  watched.stop();
  for (const socket of sockets) {
    socket.destroy();
  }
  slow.close();
  expect(probes).toMatchObject([{ kind: 'connect', failures: 0 }]);
});
