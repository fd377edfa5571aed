import type { RunClock } from '../clock.js';
import type { HttpAccess } from '../cluster/http.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { messageOf } from '../errors.js';
import type { Frame } from '../load/frame.js';
import { prepareHeartbeat, removeHeartbeat } from '../observe/heartbeat-table.js';
import type { Observer } from '../observe/observer.js';
import { observersOf } from '../observe/observers.js';
import { type Probes, probesOf } from '../observe/probes.js';
import { timelineEnds } from '../observe/timeline-ends.js';
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
  });
  const { observers, missing } = plan.observers
    ? observersOf({
        target: plan.target,
        members,
        secrets,
        access: options.access,
        scope: options.scope,
        context: { clock, emit: options.onEvent },
      })
    : { observers: [], missing: [] };
  return new Everything(options, probes, observers, missing, heartbeat);
}

class Everything implements Watching {
  constructor(
    private readonly options: WatchingOptions,
    private readonly probes: Probes,
    private readonly observers: readonly Observer[],
    private readonly missing: Observed['observers'],
    private readonly heartbeat: Heartbeat | null,
  ) {}

  start(): void {
    this.probes.start();
    for (const observer of this.observers) {
      observer.start();
    }
  }

  dense(): void {
    this.probes.dense();
  }

  stopProbes(): void {
    this.probes.stop();
  }

  async stop(): Promise<void> {
    this.probes.stop();
    await Promise.all(this.observers.map((observer) => observer.stop()));
  }

  async outcome(): Promise<{ readonly observed: Observed; readonly notes: readonly string[] }> {
    await this.heartbeat?.remove();
    const { target, observers: watches } = this.options.plan;
    const history = watches ? await timelineEnds(target.patroni, this.options.access) : [];
    return {
      observed: {
        observers: [...this.observers.map((observer) => observer.facts()), ...this.missing],
        clocks: this.observers.flatMap((observer) => observer.clocks()),
        series: this.observers.flatMap((observer) => observer.series()),
        history,
      },
      notes: [
        ...this.observers.flatMap((observer) => observer.gaps),
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
