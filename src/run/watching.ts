import type { RunClock } from '../clock.js';
import type { ClusterAccess } from '../cluster/access.js';
import type { ClusterMember } from '../cluster/patroni.js';
import type { PatroniKeys } from '../cluster/patroni-keys.js';
import type { Frame } from '../load/frame.js';
import { type ObserverSet, observedBy, observersOf } from '../observe/observers.js';
import { timelineEnds } from '../observe/patroni.js';
import { type Probes, probesOf } from '../observe/probes.js';
import type { Plan } from '../plan/plan.js';
import type { Secrets } from '../plan/target.js';
import type { Observed } from '../result/observed.js';
import type { Event } from '../result/result.js';
import type { Heartbeat } from './heartbeat.js';

export interface WatchingOptions {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly access: ClusterAccess;
  readonly members: readonly ClusterMember[];
  /** Where Patroni has its keys in etcd. */
  readonly keys: PatroniKeys;
  readonly runId: string;
  readonly clock: RunClock;
  readonly onFrame: (frame: Frame) => void;
  readonly onEvent: (event: Event) => void;
  /** Told how late each beat of a probe was, µs. */
  readonly onLate: (byUs: number) => void;
  /** Null where there is none to be. */
  readonly heartbeat: Heartbeat | null;
}

/** Everything that looks on beside the load: probes, and the observers of the layers. */
export interface Watching {
  start(): void;
  /** Instant 0 of the run, which is not that of start(). */
  begin(): void;
  /** Ask more often for a while: a fault is about to be injected. */
  dense(): void;
  stopProbes(): void;
  /** The observers, too; resolves when nothing is in flight any more. */
  stop(): Promise<void>;
  /** What was seen; after stop(). */
  outcome(): Promise<{ readonly observed: Observed; readonly notes: readonly string[] }>;
}

/** Makes what the plan asks for; what cannot be had is a note of the result and no error. */
export function watchingOf(options: WatchingOptions): Watching {
  const { plan, secrets, members, runId, clock, heartbeat } = options;
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
        options.keys,
      )
    : { observers: [], missing: UNWATCHED, alert: () => undefined };
  return new Everything(options, probes, layers);
}

/** For --observers off. */
const UNWATCHED: ObserverSet['missing'] = ['patroni', 'etcd', 'haproxy', 'postgres'].map((layer) => ({
  layer,
  watched: false,
  missing: 'left out by --observers off',
}));

class Everything implements Watching {
  constructor(
    private readonly options: WatchingOptions,
    private readonly probes: Probes,
    private readonly layers: ObserverSet,
  ) {}

  start(): void {
    this.probes.start();
    for (const observer of this.layers.observers) {
      observer.start();
    }
  }

  begin(): void {
    this.probes.begin();
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
    await this.options.heartbeat?.remove();
    await Promise.all(this.layers.observers.map((observer) => observer.stop()));
  }

  async outcome(): Promise<{ readonly observed: Observed; readonly notes: readonly string[] }> {
    const { target, observers: watches } = this.options.plan;
    const history = watches ? await timelineEnds(target.patroni, this.options.access.patroni) : [];
    return {
      observed: observedBy(this.layers, history),
      notes: [
        ...this.layers.observers.flatMap((observer) => observer.gaps),
        ...this.probes.notes,
        ...[this.options.heartbeat?.missing, this.options.heartbeat?.left].filter(
          (note) => typeof note === 'string',
        ),
      ],
    };
  }
}
