import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Outcome } from '../postgres/outcome.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import type { ErrorFrame } from './frame.js';
import { Load } from './load.fixture.js';

/** How the server process dies under the client. */
type Death =
  /** The backend is told to end: FATAL 57P01. */
  | 'terminate'
  /** The backend is killed: not a word, and the whole server restarts. */
  | 'kill-backend'
  /** Another backend is killed: this one says 57P02 and ends. */
  | 'kill-other'
  /** The postmaster and all backends are killed. */
  | 'crash';

interface Case {
  readonly script: string;
  readonly text: string;
  /** Of the attempt that the death hits. */
  readonly outcome: Outcome;
}

const CASES: readonly Case[] = [
  // What was aborted is tried again: then it does not sleep.
  { script: 'read', text: 'SELECT pg_sleep(600 * :nap);', outcome: 'aborted' },
  { script: 'autocommit', text: 'INSERT INTO t SELECT 1 FROM pg_sleep(600);', outcome: 'in_doubt' },
  {
    script: 'before-commit',
    text: 'BEGIN;\nINSERT INTO t VALUES (1);\nSELECT pg_sleep(600 * :nap);\nEND;',
    outcome: 'aborted',
  },
  // The row's deferred trigger sleeps: COMMIT is sent and unanswered.
  { script: 'in-commit', text: 'BEGIN;\nINSERT INTO slow VALUES (1);\nEND;', outcome: 'in_doubt' },
];
const QUICK = CASES.length;

const SCHEMA = `
  CREATE TABLE t (n int);
  CREATE TABLE slow (n int);
  CREATE FUNCTION sleep_long() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION sleep_long()`;

let server: PrivateServer;

beforeAll(async () => {
  server = await startPrivateServer({ restart_after_crash: 'on', max_connections: '50' });
  const sql = await server.connect();
  await sql.query(SCHEMA);
  await sql.end();
});

afterAll(async () => {
  await server.stop();
});

it('200 times: connect, query, the server process is killed, reconnect', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', onUnhandled);
  process.on('uncaughtException', onUnhandled);
  const before = openSockets();

  const ward = new Ward();
  await ward.begin();
  for (let round = 0; round < 200; round++) {
    const test = CASES[round % CASES.length] as Case;
    const death = deathOf(round);
    const errors = await ward.dieIn(CASES.indexOf(test), death);
    const what = `round ${round}: ${death} in ${test.script}`;
    // The attempt that was hit ends in its one class; what follows could not even be sent.
    const [hit, ...more] = errors.filter((error) => error.outcome !== 'not_sent');
    expect(hit, what).toMatchObject({ outcome: test.outcome, count: 1, script: CASES.indexOf(test) });
    expect(codesOf(death), what).toContain(hit?.code);
    expect(more, what).toEqual([]);
  }
  await ward.end();

  process.off('unhandledRejection', onUnhandled);
  process.off('uncaughtException', onUnhandled);
  expect(unhandled).toEqual([]);
  expect(await eventually(openSockets, before)).toBe(before);
});

it('acknowledges nothing that is not there, and calls nothing aborted that is', async () => {
  const sql = await server.connect();
  await sql.query('CREATE TABLE marks (client int, n int, PRIMARY KEY (client, n))');
  const group = new Load(
    server,
    [
      { name: 'block', text: "BEGIN;\nINSERT INTO marks VALUES (:client_id, nextval('mark'));\nEND;" },
      { name: 'single', text: "INSERT INTO marks VALUES (:client_id, nextval('mark'));" },
    ],
    { clients: 8 },
  );
  await sql.query('CREATE SEQUENCE mark');
  await group.begin();
  for (let kill = 0; kill < 40; kill++) {
    await group.acks(20);
    await sql.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgha-bench/%' AND random() < 0.5",
    );
  }
  await group.end();
  const { rows } = await sql.query('SELECT count(*)::int AS n FROM marks');
  const found = rows[0].n as number;
  await sql.end();
  expect(group.count('in_doubt') + group.count('aborted')).toBeGreaterThan(0);
  expect(found).toBeGreaterThanOrEqual(group.count('ack'));
  expect(found).toBeLessThanOrEqual(group.count('ack') + group.count('in_doubt'));
});

it('does all that over TLS, too', async () => {
  await server.offerTls();
  const sql = await server.connect();
  await sql.query('CREATE TABLE secret (n int)');
  const rw = { ...server.endpoint, sslMode: 'require' } as const;
  const load = new Load(server, [{ name: 'block', text: 'BEGIN;\nINSERT INTO secret VALUES (1);\nEND;' }], {
    clients: 4,
    target: { kind: 'server', name: 'test', rw, patroni: [] },
  });
  await load.begin();
  for (let kill = 0; kill < 10; kill++) {
    await load.acks(20);
    const { rows } = await sql.query(
      `SELECT pg_terminate_backend(pid), ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
        WHERE application_name LIKE 'pgha-bench/%'`,
    );
    expect(rows.every((row) => row.ssl === true)).toBe(true);
  }
  await load.acks(20);
  await load.end();
  const { rows } = await sql.query('SELECT count(*)::int AS n FROM secret');
  await sql.end();
  expect(load.count('aborted') + load.count('in_doubt')).toBeGreaterThan(0);
  expect(rows[0].n).toBeGreaterThanOrEqual(load.count('ack'));
  expect(rows[0].n).toBeLessThanOrEqual(load.count('ack') + load.count('in_doubt'));
});

function deathOf(round: number): Death {
  if (round % 40 === 39) {
    return 'crash';
  }
  if (round % 10 === 4 || round % 10 === 7) {
    return 'kill-other';
  }
  return round % 10 === 1 || round % 10 === 8 ? 'kill-backend' : 'terminate';
}

/** What the client can be told, by whom: the kernel may drop the server's last words when the socket is reset. */
function codesOf(death: Death): string[] {
  switch (death) {
    case 'terminate':
      return ['57P01'];
    case 'kill-other':
      return ['57P02'];
    case 'kill-backend':
    case 'crash':
      return ['closed', 'ECONNRESET', '57P02'];
  }
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

/** The value once it is as wanted; sockets that were closed are gone a turn or two later. */
async function eventually(read: () => number, wanted: number): Promise<number> {
  for (let turn = 0; turn < 1000 && read() !== wanted; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return read();
}

/** One client that is killed in the script of choice, again and again. */
class Ward extends Load {
  private admin: pg.Client | undefined;

  constructor() {
    super(server, [
      ...CASES.map(({ script, text }) => ({ name: script, text })),
      { name: 'quick', text: 'SELECT 1;' },
    ]);
    this.script = QUICK;
  }

  /** Sends the client into a script, kills the server process in it, and waits until the client works again. */
  async dieIn(script: number, death: Death): Promise<ErrorFrame[]> {
    this.admin ??= await server.connect();
    this.setNap(1);
    this.script = script;
    const backend = await this.sleepingBackend();
    this.setNap(0);
    this.group.recorder.flush();
    this.frames.length = 0;
    this.script = QUICK;
    await this.kill(backend, death);
    await this.acks(1);
    return this.frames.flatMap((frame) => frame.errors);
  }

  override async end(): Promise<void> {
    await this.admin?.end();
    await super.end();
  }

  private async sleepingBackend(): Promise<number> {
    for (;;) {
      const { rows } = await (this.admin as pg.Client).query(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgha-bench/test/0' AND wait_event = 'PgSleep'",
      );
      if (rows.length > 0) {
        return rows[0].pid as number;
      }
    }
  }

  private async kill(backend: number, death: Death): Promise<void> {
    const admin = this.admin as pg.Client;
    if (death === 'terminate') {
      await admin.query('SELECT pg_terminate_backend($1)', [backend]);
      return;
    }
    this.admin = undefined;
    if (death === 'kill-backend') {
      // The postmaster ends all others as soon as it sees what happened; until then the server takes new sessions,
      // which it would end, too.
      const ended = new Promise((resolve) => admin.once('end', resolve));
      process.kill(backend, 'SIGKILL');
      await ended;
    } else if (death === 'kill-other') {
      const { rows } = await admin.query('SELECT pg_backend_pid() AS pid');
      process.kill(rows[0].pid as number, 'SIGKILL');
    } else {
      await server.crash();
      await server.launch();
    }
    admin.end().catch(() => undefined);
  }
}
