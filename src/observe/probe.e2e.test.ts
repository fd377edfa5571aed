import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import type { Frame } from '../load/frame.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { Probe } from './probe.js';

let server: PrivateServer;

beforeAll(async () => {
  server = await startPrivateServer();
});

afterAll(async () => {
  await server.stop();
});

/** A probe that writes, and a promise of its next acknowledgement or failure. */
class Watched {
  readonly frames: Frame[] = [];
  private heard: (() => void) | undefined;
  readonly probe = new Probe({
    route: 'rw',
    session: { endpoint: server.endpoint, password: undefined, applicationName: 'probe', identify: false },
    clock: new RunClock(process.hrtime.bigint()),
    intervalMs: 20,
    emit: (frame) => {
      this.frames.push(frame);
      this.heard?.();
    },
  });

  async next(what: 'acks' | 'failures'): Promise<void> {
    const from = this.frames.length;
    const came = () => this.frames.slice(from).some((frame) => (frame.probes[0]?.[what] ?? 0) > 0);
    while (!came()) {
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
    }
  }
}

it('finds the server again after a crash, and says when it had asked before', async () => {
  const watched = new Watched();
  watched.probe.start();
  await watched.next('acks');
  await server.crash();
  await watched.next('failures');
  await server.launch();
  await watched.next('acks');
  watched.probe.stop();
  const found = watched.frames.findLast((frame) => (frame.probes[0]?.acks ?? 0) > 0)?.probes[0];
  expect(found?.triedBeforeUs).toBeGreaterThan(0);
  expect(found?.triedBeforeUs).toBeLessThan(found?.firstAckUs ?? 0);
});

it('does not fill the server with connections when commits wait for a standby that never comes', async () => {
  const sql = await server.connect();
  const watched = new Watched();
  watched.probe.start();
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
  // Its own connection hangs first, then the few that it tries beside it; from then on there must be no more.
  while ((await backends()).waiting < 3) {
    // The next look is the wait.
  }
  for (let look = 0; look < 100; look++) {
    counts.push((await backends()).n);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(Math.max(...counts)).toBeLessThanOrEqual(4);
  await sql.query('ALTER SYSTEM RESET synchronous_standby_names');
  await sql.query('SELECT pg_reload_conf()');
  await watched.next('acks');
  watched.probe.stop();
  await sql.end();
});
