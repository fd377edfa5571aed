import pg from 'pg';
import type { Endpoint } from '../plan/target.js';

/** A new connection every so often while none works: what hangs in the proxy must not be waited for. */
const ANEW_EVERY_MS = 20;
const PATIENCE_MS = 600;

/**
 * A writer that shares nothing with the load but the port: plain pg, one row after the other on one connection, and as
 * soon as that is gone a new connection every 20 ms until one writes. Its gap is measured by its own clock.
 */
export class IndependentWriter {
  private readonly acksMs: number[] = [];
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

  /** @returns the longest time between two acknowledged writes, ms */
  async stop(): Promise<number> {
    this.stopped = true;
    await this.loop;
    let longest = 0;
    for (let i = 1; i < this.acksMs.length; i++) {
      longest = Math.max(longest, (this.acksMs[i] ?? 0) - (this.acksMs[i - 1] ?? 0));
    }
    return longest;
  }

  private async write(first: pg.Client): Promise<void> {
    let client: pg.Client | undefined = first;
    while (!this.stopped) {
      try {
        client ??= await this.firstThatWrites();
        await client?.query('INSERT INTO independent VALUES (1)');
        this.acksMs.push(performance.now());
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
      const attempt = this.connect()
        .then(async (client) => {
          await client.query('INSERT INTO independent VALUES (1)');
          if (found === undefined) {
            this.acksMs.push(performance.now());
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
