import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeTables } from '../api/init.js';
import type { TableOrder } from '../api/table-order.js';
import type { ResolvedTarget } from '../api/target.js';
import { UserError } from '../errors.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { findWorkload } from '../workload/registry.js';
import type { Schema, Workload } from '../workload/workload.js';
import { init } from './init.js';

let server: PrivateServer;
let admin: pg.Client;
let tpcb: Workload;

beforeAll(async () => {
  server = await startPrivateServer();
  tpcb = await findWorkload('tpcb');
});

afterAll(() => server.stop());

beforeEach(async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  admin = await server.connect();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await tpcb.schema.cleanup(admin, {});
  await admin.end();
});

function orderOf(target: ResolvedTarget, workload: Workload): TableOrder {
  return { named: { workload, words: workload.name }, given: { scale: 1 }, target, force: false };
}

describe('makeTables', () => {
  it('says in one line what the user may not do', async () => {
    await admin.query('create role app login; revoke create on schema public from public');
    try {
      expect(await failure(makeTables(orderOf(as('app'), tpcb)))).toBe(
        "init could not make the tables: permission denied for schema public (42501). Grant user 'app' CREATE on the schema, or name in --rw the owner of the tables that are there.",
      );
    } finally {
      await admin.query('drop role app');
    }
  });

  it('says in one line that the server only reads', async () => {
    await admin.query('create role app login; alter role app set default_transaction_read_only = on');
    try {
      expect(await failure(makeTables(orderOf(as('app'), tpcb)))).toMatch(
        /^init could not make the tables: cannot execute .* in a read-only transaction \(25006\)\. Name the primary in --rw: [^\n]*\.$/,
      );
    } finally {
      await admin.query('drop role app');
    }
  });

  it('names what depends on the tables, in one line', async () => {
    await makeTables(orderOf(as(server.user), tpcb));
    await admin.query('create view v as select aid from pgbench_accounts; create view w as select * from v');
    try {
      expect(await failure(makeTables(orderOf(as(server.user), tpcb)))).toMatch(
        /\(2BP01\)\. view v depends on table pgbench_accounts; view w depends on view v\.$/,
      );
    } finally {
      await admin.query('drop view w, v');
    }
  });

  it.each(['load pgbench_accounts', 'vacuum'])('says that the connection was lost at "%s"', async (last) => {
    const lossy = changed(async (sql, options, progress) => {
      let lost = false;
      await tpcb.schema.prepare(sql, options, (step) => {
        if (step.step === last && !lost) {
          lost = true;
          socketOf(sql).resetAndDestroy();
        }
        progress(step);
      });
    });
    expect(await failure(makeTables(orderOf(as(server.user), lossy)))).toMatch(
      /^init lost its connection to 127\.0\.0\.1:\d+: .*\. Run 'pgha-bench init tpcb --scale 1' again when the server is back\.$/,
    );
  });

  it('says that the server ended the connection, even between two statements', async () => {
    const lossy = changed(async (sql) => {
      const { rows } = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
      const ended = new Promise<void>((resolve) => sql.once('end', resolve));
      await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      await ended;
      await sql.query('select 1');
    });
    expect(await failure(makeTables(orderOf(as(server.user), lossy)))).toContain(
      'init lost its connection to 127.0.0.1:',
    );
    const during = changed(async (sql) => {
      await sql.query('select pg_terminate_backend(pg_backend_pid()), pg_sleep(1)');
    });
    expect(await failure(makeTables(orderOf(as(server.user), during)))).toContain(
      'terminating connection due to administrator command (57P01)',
    );
  });

  it('leaves a bug a bug', async () => {
    const bug = new TypeError('x is not a function');
    const broken = changed((sql, options) =>
      tpcb.schema.prepare(sql, options, () => {
        throw bug;
      }),
    );
    await expect(makeTables(orderOf(as(server.user), broken))).rejects.toBe(bug);
  });

  it('ends at once when it is aborted, whatever it waits for', async () => {
    for (const last of ['create tables', 'load pgbench_accounts', 'vacuum', 'primary keys']) {
      const interrupt = new AbortController();
      const interrupted = changed((sql, options, progress) =>
        tpcb.schema.prepare(sql, options, (step) => {
          if (step.step === last) {
            setImmediate(() => interrupt.abort());
          }
          progress(step);
        }),
      );
      const preparing = makeTables(orderOf(as(server.user), interrupted), { signal: interrupt.signal });
      expect(await failure(preparing), last).toBe('Interrupted.');
    }
  });

  it('ends at once when it is aborted and the server is frozen', async () => {
    const proxy = new FreezingProxy(server.port);
    const port = await proxy.listen();
    const interrupt = new AbortController();
    const frozen = changed(async (sql) => {
      proxy.frozen = true;
      setTimeout(() => interrupt.abort(), 50);
      await sql.query('select 1');
    });
    const { target, secrets } = as(server.user);
    const resolved = { target: { ...target, rw: { ...target.rw, port } }, secrets };
    expect(await failure(makeTables(orderOf(resolved, frozen), { signal: interrupt.signal }))).toBe(
      'Interrupted.',
    );
    await proxy.close();
  });

  it('does not begin when it is aborted before', async () => {
    const preparing = makeTables(orderOf(as(server.user), tpcb), { signal: AbortSignal.abort() });
    expect(await failure(preparing)).toBe('Interrupted.');
    expect(await tpcb.schema.check(admin, {})).toEqual({ kind: 'missing' });
  });
});

describe('init', () => {
  it('exits with 130 at Ctrl-C, and what it leaves does not pass for ready', async () => {
    const steps: string[] = [];
    vi.mocked(process.stderr.write).mockImplementation((text) => {
      steps.push(String(text));
      if (text === 'vacuum\n' && steps.filter((step) => step === text).length === 1) {
        setImmediate(() => process.emit('SIGINT'));
      }
      return true;
    });
    const before = process.listenerCount('SIGINT');
    expect(await init({ workload: 'tpcb', rw: server.uri, scale: '3' })).toBe(130);
    expect(process.listenerCount('SIGINT')).toBe(before);
    expect(steps.at(-1)).toBe(
      "The tables may be incomplete: 'pgha-bench init tpcb --scale 3' makes them anew.\n",
    );
    expect(await tpcb.schema.check(admin, {})).toMatchObject({ kind: 'unfit', made: 'here' });
    expect(await init({ workload: 'tpcb', rw: server.uri, scale: '1' })).toBe(0);
    expect(await tpcb.schema.check(admin, {})).toMatchObject({ kind: 'ready', made: 'here' });
  });
});

function as(user: string): ResolvedTarget {
  const rw = { ...server.endpoint, user };
  return { target: { kind: 'server', name: 'server', rw, patroni: [] }, secrets: {} };
}

/** tpcb with another way to make its tables. */
function changed(make: Schema['prepare']): Workload {
  return { ...tpcb, schema: { ...tpcb.schema, prepare: make } };
}

/** The message for the user; anything else that is thrown fails the test. */
async function failure(preparing: Promise<void>): Promise<string> {
  const error = await preparing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return error instanceof UserError ? error.message : '';
}

function socketOf(sql: pg.ClientBase): Socket {
  return (sql as unknown as { connection: { stream: Socket } }).connection.stream;
}

/** Carries bytes to a server until it is frozen: then connections stay open and nothing moves. */
class FreezingProxy {
  frozen = false;
  private readonly sockets: Socket[] = [];
  private readonly server: Server;

  constructor(to: number) {
    this.server = createServer((near) => {
      const far = connect(to, '127.0.0.1');
      this.sockets.push(near, far);
      this.carry(near, far);
      this.carry(far, near);
    });
  }

  async listen(): Promise<number> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    this.server.close();
    await once(this.server, 'close');
  }

  private carry(from: Socket, to: Socket): void {
    from.on('error', () => undefined);
    from.on('data', (chunk) => {
      if (!this.frozen) {
        to.write(chunk);
      }
    });
  }
}
