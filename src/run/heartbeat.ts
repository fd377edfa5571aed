import { messageOf } from '../errors.js';
import { prepareHeartbeat, removeHeartbeat } from '../observe/heartbeat-table.js';
import type { Plan } from '../plan/plan.js';
import type { Endpoint, Secrets } from '../plan/target.js';
import { closeClient, LOOK_TIMEOUT_MS, openClient } from '../postgres/connect.js';

/** The row that the heartbeat of a run writes: made before the load, taken away behind it. */
export class Heartbeat {
  /** What could not be taken away, one sentence. */
  left: string | null = null;
  private removed = false;

  private constructor(
    private readonly endpoint: Endpoint,
    private readonly password: string | undefined,
    private readonly runId: string,
    /** Why there is none, one sentence; null when there is one. */
    readonly missing: string | null,
  ) {}

  /** Null where nobody would read it: without probes, or without a read-only port. */
  static async prepare(plan: Plan, { rwPassword }: Secrets, runId: string): Promise<Heartbeat | null> {
    const { rw, ro } = plan.target;
    if (!plan.probes || ro === undefined) {
      return null;
    }
    let missing: string | null;
    try {
      missing = await withClient(rw, rwPassword, (sql) => prepareHeartbeat(sql, runId));
    } catch (error) {
      missing = `There was no heartbeat: ${messageOf(error)}.`;
    }
    return new Heartbeat(rw, rwPassword, runId, missing);
  }

  /** Once; a row that stays behind does no harm, and is told. */
  async remove(): Promise<void> {
    if (this.missing !== null || this.removed) {
      return;
    }
    this.removed = true;
    try {
      this.left = await withClient(this.endpoint, this.password, (sql) => removeHeartbeat(sql, this.runId));
    } catch (error) {
      this.left = `The row of the heartbeat is left behind: ${messageOf(error)}.`;
    }
  }
}

async function withClient<T>(
  endpoint: Endpoint,
  password: string | undefined,
  use: (sql: Awaited<ReturnType<typeof openClient>>) => Promise<T>,
): Promise<T> {
  const sql = await openClient(endpoint, password, 'heartbeat', { queryTimeoutMs: LOOK_TIMEOUT_MS });
  try {
    return await use(sql);
  } finally {
    await closeClient(sql);
  }
}
