import pg from 'pg';
import type { Endpoint } from '../plan/target.js';

/** A new connection every so often while none works: what hangs in the proxy must not be waited for. */
const ANEW_EVERY_MS = 20;
const PATIENCE_MS = 600;

interface Acknowledgement {
  readonly atMs: number;
  /** When the attempt began that brought it, with its connection where that was a new one. */
  readonly beganMs: number;
  /** Attempts that were under way then. */
  readonly pending: number;
}

/** Instants on the wall clock, ms since 1970. */
export interface WriterGap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly durationMs: number;
  /** When the attempt began that ended it, and how many others were under way when it did. */
  readonly beganMs: number;
  readonly pending: number;
}

/**
 * A writer that shares nothing with the load but the port: plain pg, one row after the other on one connection, and as
 * soon as that is gone a new connection every 20 ms until one writes. Its gap is measured by its own clock.
 */
export class IndependentWriter {
  private readonly acks: Acknowledgement[] = [];
  private stopped = false;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly password: string,
  ) {}

  async start(): Promise<void> {
    const client = await this.connect();
    await client.query('CREATE TABLE IF NOT EXISTS independent (n int)');
    this.loop = this.write(client);
  }

  /** @returns the longest time between two acknowledged writes */
  async stop(): Promise<WriterGap> {
    this.stopped = true;
    await this.loop;
    let longest: WriterGap = { fromMs: 0, toMs: 0, durationMs: 0, beganMs: 0, pending: 0 };
    for (const [index, { atMs: toMs, beganMs, pending }] of this.acks.entries()) {
      const fromMs = this.acks[index - 1]?.atMs ?? toMs;
      if (toMs - fromMs > longest.durationMs) {
        longest = { fromMs, toMs, durationMs: toMs - fromMs, beganMs, pending };
      }
    }
    return longest;
  }

  private async write(first: pg.Client): Promise<void> {
    let client: pg.Client | undefined = first;
    while (!this.stopped) {
      try {
        client ??= await this.firstThatWrites();
        const beganMs = nowMs();
        await client?.query('INSERT INTO independent VALUES (1)');
        this.acks.push({ atMs: nowMs(), beganMs, pending: 0 });
      } catch {
        client = undefined;
      }
      await pause(5);
    }
    await client?.end();
  }

  private async firstThatWrites(): Promise<pg.Client | undefined> {
    const pending = new Set<Promise<void>>();
    let found: pg.Client | undefined;
    while (found === undefined && !this.stopped) {
      const beganMs = nowMs();
      const attempt = this.connect()
        .then(async (client) => {
          await client.query('INSERT INTO independent VALUES (1)');
          if (found === undefined) {
            this.acks.push({ atMs: nowMs(), beganMs, pending: pending.size });
            found = client;
          } else {
            await client.end();
          }
        })
        .catch(() => undefined)
        .finally(() => pending.delete(attempt));
      pending.add(attempt);
      await Promise.race([...pending, pause(ANEW_EVERY_MS)]);
      if (found === undefined) {
        await pause(ANEW_EVERY_MS / 2);
      }
    }
    return found;
  }

  private async connect(): Promise<pg.Client> {
    const { host, port, user, database } = this.endpoint;
    const client = new pg.Client({
      host,
      port,
      user,
      database,
      password: this.password,
      ssl: false,
      query_timeout: PATIENCE_MS,
      connectionTimeoutMillis: PATIENCE_MS,
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }
}

/** On the wall clock, without its jumps. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
