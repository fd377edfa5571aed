import type { RunClock } from '../clock.js';
import type { HttpAccess } from '../cluster/http.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { messageOf } from '../errors.js';
import type { Frame } from '../load/frame.js';
import { prepareHeartbeat, removeHeartbeat } from '../observe/heartbeat-table.js';
import { type ObserverSet, observedBy, observersOf } from '../observe/observers.js';
import { timelineEnds } from '../observe/patroni.js';
import { type Probes, probesOf } from '../observe/probes.js';
import type { Plan } from '../plan/plan.js';
import type { Secrets } from '../plan/target.js';
import { closeClient, LOOK_TIMEOUT_MS, openClient } from '../postgres/connect.js';
import type { Observed } from '../result/observed.js';
import type { Event } from '../result/result.js';

export interface WatchingOptions {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly access: HttpAccess;
  readonly members: readonly ClusterMember[];
  readonly scope: string | null;
  readonly runId: string;
  readonly clock: RunClock;
  readonly onFrame: (frame: Frame) => void;
  readonly onEvent: (event: Event) => void;
  /** Told how late each beat of a probe was, µs. */
  readonly onLate: (byUs: number) => void;
}

/** Everything that looks on beside the load: probes, and the observers of the layers. */
export interface Watching {
  start(): void;
  /** Ask more often for a while: a fault is about to be injected. */
  dense(): void;
  stopProbes(): void;
  /** The observers, too; resolves when nothing is in flight any more. */
  stop(): Promise<void>;
  /** What was seen; after stop(). */
  outcome(): Promise<{ readonly observed: Observed; readonly notes: readonly string[] }>;
}

/** Makes ready what the plan asks for; what cannot be had is a note of the result and no error. */
export async function startWatching(options: WatchingOptions): Promise<Watching> {
  const heartbeat = options.plan.probes ? await Heartbeat.prepare(options) : null;
  const { plan, secrets, members, runId, clock } = options;
  const probes = probesOf({
    plan,
    secrets,
    members,
    runId,
    clock,
    emit: options.onFrame,
    heartbeat: heartbeat?.missing === null,
    onLate: options.onLate,
  });
  const layers: ObserverSet = plan.observers
    ? observersOf(
        plan.target,
        members,
        secrets,
        options.access,
        { clock, emit: options.onEvent },
        { scope: options.scope },
      )
    : { observers: [], missing: [], alert: () => undefined };
  return new Everything(options, probes, layers, heartbeat);
}

class Everything implements Watching {
  constructor(
    private readonly options: WatchingOptions,
    private readonly probes: Probes,
    private readonly layers: ObserverSet,
    private readonly heartbeat: Heartbeat | null,
  ) {}

  start(): void {
    this.probes.start();
    for (const observer of this.layers.observers) {
      observer.start();
    }
  }

  dense(): void {
    this.probes.dense();
    this.layers.alert();
  }

  stopProbes(): void {
    this.probes.stop();
  }

  async stop(): Promise<void> {
    this.probes.stop();
    await Promise.all(this.layers.observers.map((observer) => observer.stop()));
  }

  async outcome(): Promise<{ readonly observed: Observed; readonly notes: readonly string[] }> {
    await this.heartbeat?.remove();
    const { target, observers: watches } = this.options.plan;
    const history = watches ? await timelineEnds(target.patroni, this.options.access) : [];
    return {
      observed: observedBy(this.layers, history),
      notes: [
        ...this.layers.observers.flatMap((observer) => observer.gaps),
        ...this.probes.notes,
        ...(this.heartbeat?.missing == null ? [] : [this.heartbeat.missing]),
      ],
    };
  }
}

/** The row that the heartbeat writes. */
class Heartbeat {
  private constructor(
    private readonly options: WatchingOptions,
    /** Why there is none, one sentence; null when there is one. */
    readonly missing: string | null,
  ) {}

  static async prepare(options: WatchingOptions): Promise<Heartbeat> {
    try {
      const missing = await withClient(options, (sql) => prepareHeartbeat(sql, options.runId));
      return new Heartbeat(options, missing);
    } catch (error) {
      return new Heartbeat(options, `There was no heartbeat: ${messageOf(error)}.`);
    }
  }

  /** A row that stays behind does no harm. */
  async remove(): Promise<void> {
    if (this.missing === null) {
      await withClient(this.options, (sql) => removeHeartbeat(sql, this.options.runId)).catch(
        () => undefined,
      );
    }
  }
}

async function withClient<T>(
  { plan, secrets }: WatchingOptions,
  use: (sql: Awaited<ReturnType<typeof openClient>>) => Promise<T>,
): Promise<T> {
  const sql = await openClient(plan.target.rw, secrets.rwPassword, 'heartbeat', {
    queryTimeoutMs: LOOK_TIMEOUT_MS,
  });
  try {
    return await use(sql);
  } finally {
    await closeClient(sql);
  }
}
