import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { analyse } from '../analysis/analyse.js';
import { histogramLogs } from '../analysis/hlog.js';
import type { Bucket, Recording } from '../analysis/recording.js';
import { RunClock } from '../clock.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import { type Fault, notAsked } from '../faults/fault.js';
import type { ClientSummary } from '../load/group.js';
import { Pool } from '../load/pool.js';
import { HaproxyObserver } from '../observe/haproxy.js';
import type { Observer, ObserverContext } from '../observe/observer.js';
import { PatroniObserver } from '../observe/patroni.js';
import { pause } from '../observe/poll.js';
import { Probe } from '../observe/probe.js';
import type { FaultPlan, Plan } from '../plan/plan.js';
import type { Endpoint, Route, Secrets } from '../plan/target.js';
import { blamesScript } from '../postgres/failure.js';
import type { ClientFacts, ClusterFacts, Event, FaultRecord, Result, RunFacts } from '../result/result.js';
import type { HistogramLogs } from '../result/store.js';
import { compilePrograms } from '../workload/compile.js';
import { withObservation } from './observed.js';
import { Timeline } from './timeline.js';
import { toolFacts } from './tool.js';

/** What a run needs beside its plan. */
export interface RunRequest {
  readonly plan: Plan;
  readonly secrets: Secrets;
  /** What was found out about the target before. */
  readonly cluster: ClusterFacts;
  /** As /cluster listed them; empty without Patroni. */
  readonly members: readonly ClusterMember[];
  /** In the order of plan.faults. */
  readonly faults: readonly Fault[];
  /** Stops the load; what was recorded until then is a result, too. */
  readonly signal: AbortSignal;
  /** How often onProgress is called while the load runs; whole seconds. */
  readonly progressMs: number;
  readonly onProgress: (progress: RunProgress) => void;
}

export interface RunProgress {
  readonly elapsedMs: number;
  /** Null when only a number of transactions ends the load. */
  readonly durationMs: number | null;
  /** The last span of progressMs whose frames are all there, in intervals. */
  readonly latest: readonly Bucket[];
  /** By Patroni; '' when nobody leads, null when that is not known. */
  readonly leader: string | null;
}

/** What came of a run. */
export interface RunOutcome {
  readonly result: Result;
  readonly histograms: HistogramLogs;
}

/** Threads need a moment until they have the message; the load begins for all of them at the same instant. */
const LEAD_NS = 30_000_000n;

/** How long transactions in flight may take to end after Ctrl-C. */
const INTERRUPT_GRACE_MS = 1000;

/** Timers take no more than 2^31 ms: a load that only its transactions end has 20 days. */
const LONGEST_MS = 20 * 24 * 3_600_000;

const ENDED = { code: 'run_ended', message: 'The run ended before the reply came.' };

/**
 * @throws UserError when a client cannot connect before the load, or when it was interrupted before it began; what
 *   happens to the target later is part of the result
 */
export async function conduct(request: RunRequest): Promise<RunOutcome> {
  const { plan, secrets } = request;
  const runId = randomBytes(4).toString('hex');
  const timeline = new Timeline(plan.intervalMs);
  const pool = new Pool(plan, secrets, runId, (frame) => timeline.add(frame));
  try {
    const commands = await commandsOf(plan);
    await Promise.race([pool.open(), rejectOn(request.signal)]);
    return await new Conductor(request, runId, pool, timeline, commands).run();
  } finally {
    await pool.terminate();
  }
}

/** Frames hold only figures of them. */
async function commandsOf({ workload, protocol, seed, perCommand }: Plan): Promise<Recording['commands']> {
  if (!perCommand) {
    return [];
  }
  const programs = await compilePrograms(workload.scripts, { ...workload, protocol, seed });
  return programs.map((program) => program.commands);
}

/** @throws UserError once the signal is aborted */
async function rejectOn(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
  throw new UserError('Interrupted before the load began.');
}

class Conductor {
  private readonly events: Event[] = [];
  private readonly loadNs = process.hrtime.bigint() + LEAD_NS;
  private readonly clock: RunClock;
  private readonly startedAt: string;
  /** Aborted when the load ends: for faults and progress. */
  private readonly ended = new AbortController();

  constructor(
    private readonly request: RunRequest,
    private readonly runId: string,
    private readonly pool: Pool,
    private readonly timeline: Timeline,
    private readonly commands: Recording['commands'],
  ) {
    const { warmupMs, intervalMs } = request.plan;
    // As the workers have it: a whole number of intervals.
    const warmup = Math.ceil(warmupMs / intervalMs) * intervalMs;
    this.clock = new RunClock(this.loadNs + BigInt(Math.round(warmup * 1e6)));
    this.startedAt = new Date(Date.now() + Number(LEAD_NS) / 1e6 + warmup).toISOString();
  }

  async run(): Promise<RunOutcome> {
    const { plan, signal } = this.request;
    // One listener for each request and pause of the run, not a leak.
    setMaxListeners(0, this.ended.signal, signal);
    this.pool.start(this.loadNs);
    // A worker that fails in the warm-up ends it, too.
    await Promise.race([this.sleepUntil(0, signal), this.pool.failure(), this.pool.drained()]);
    const cpuBefore = process.cpuUsage();
    const observers = this.observers();
    const probes = this.probes();
    for (const each of [...observers, ...probes]) {
      each.start();
    }
    const faults = this.injectAll();
    const progress = this.reportProgress();
    try {
      const { clients, stoppedMs, cpu } = await this.load(cpuBefore);
      for (const probe of probes) {
        probe.stop();
      }
      await Promise.all([progress, ...observers.map((observer) => observer.stop())]);
      const records = (await faults).map((record) => withObservation(record, this.events));
      return this.outcome(
        clients,
        records,
        observers,
        Math.min(stoppedMs, plan.durationMs ?? stoppedMs),
        cpu,
      );
    } finally {
      // After a failure, too: what goes on asking would keep the process alive.
      this.ended.abort();
      for (const probe of probes) {
        probe.stop();
      }
      await Promise.all(observers.map((observer) => observer.stop()));
    }
  }

  /** Waits for the end of the load, whichever way it comes. */
  private async load(
    cpuBefore: NodeJS.CpuUsage,
  ): Promise<{ clients: readonly ClientSummary[]; stoppedMs: number; cpu: NodeJS.CpuUsage }> {
    const { plan, signal } = this.request;
    // failure() ends by itself only when a worker fails.
    await Promise.race([
      this.pool.failure(),
      this.pool.drained(),
      this.sleepUntil(plan.durationMs ?? LONGEST_MS, AbortSignal.any([signal, this.ended.signal])),
    ]);
    this.ended.abort();
    const stoppedMs = this.clock.nowMs();
    const cpu = process.cpuUsage(cpuBefore);
    const graceMs = signal.aborted ? INTERRUPT_GRACE_MS : plan.deadlines.transactionMs + 1000;
    const hurry = () => this.pool.hurry(INTERRUPT_GRACE_MS, ENDED);
    signal.addEventListener('abort', hurry);
    try {
      return { clients: await this.pool.finish(graceMs, ENDED), stoppedMs, cpu };
    } finally {
      signal.removeEventListener('abort', hurry);
    }
  }

  private observers(): Observer[] {
    const { plan, members } = this.request;
    const context: ObserverContext = { clock: this.clock, emit: (event) => this.event(event) };
    const observers: Observer[] = [];
    if (members.length > 0) {
      observers.push(new PatroniObserver(context, members));
    }
    if (plan.target.haproxy !== undefined) {
      observers.push(new HaproxyObserver(context, plan.target.haproxy));
    }
    return observers;
  }

  private probes(): Probe[] {
    const { plan, secrets } = this.request;
    const probeOf = (route: Route, endpoint: Endpoint, password: string | undefined): Probe =>
      new Probe({
        route,
        session: {
          endpoint,
          password,
          applicationName: `pgha-bench/${this.runId}/probe-${route}`,
          identify: false,
        },
        clock: this.clock,
        intervalMs: plan.intervalMs,
        emit: (frame) => this.timeline.add(frame),
      });
    if (!plan.probes) {
      return [];
    }
    const { rw, ro } = plan.target;
    const probes = [probeOf('rw', rw, secrets.rwPassword)];
    return ro === undefined ? probes : [...probes, probeOf('ro', ro, secrets.roPassword)];
  }

  private event(event: Event): void {
    this.events.push(event);
    if (event.kind === 'leader' && event.from !== null) {
      this.timeline.mark(event.atMs);
    }
  }

  private injectAll(): Promise<FaultRecord[]> {
    const { plan, faults } = this.request;
    return Promise.all(faults.map((fault, index) => this.inject(fault, plan.faults[index] as FaultPlan)));
  }

  private async inject(fault: Fault, plan: FaultPlan): Promise<FaultRecord> {
    const { signal } = this.ended;
    const { target } = this.request.plan;
    await this.sleepUntil(plan.atMs, signal);
    if (signal.aborted) {
      return { ...notAsked(plan), failure: 'The run ended before its time.' };
    }
    this.timeline.mark(this.clock.nowMs());
    const { record } = await fault.inject({
      target,
      plan,
      access: {},
      lab: null,
      clock: this.clock,
      round: 1,
      signal,
    });
    if (record.askedAtMs !== null) {
      this.faultEvent(record.askedAtMs, 'asked', `${record.kind} asked`);
    }
    if (record.answeredAtMs !== null) {
      this.faultEvent(record.answeredAtMs, 'answered', `${record.kind} answered: ${record.answer}`);
    }
    return record;
  }

  private faultEvent(atMs: number, kind: string, text: string): void {
    this.event({ atMs, uncertaintyMs: 0, layer: 'fault', kind, subject: '', from: '', to: null, text });
  }

  private async reportProgress(): Promise<void> {
    const { plan, onProgress, progressMs } = this.request;
    const { signal } = this.ended;
    for (let span = 1; !signal.aborted; span++) {
      await this.sleepUntil(span * progressMs, signal);
      if (signal.aborted && this.clock.nowMs() < (span - 0.5) * progressMs) {
        return; // It ended within a span.
      }
      onProgress({
        elapsedMs: this.clock.nowMs(),
        durationMs: plan.durationMs,
        latest: this.timeline.latest(Math.round(progressMs / plan.intervalMs)),
        leader: this.events.findLast((event) => event.kind.startsWith('leader'))?.to ?? null,
      });
    }
  }

  private async sleepUntil(atMs: number, signal: AbortSignal): Promise<void> {
    await pause(atMs - this.clock.nowMs(), signal);
  }

  private outcome(
    summaries: readonly ClientSummary[],
    faults: readonly FaultRecord[],
    observers: readonly Observer[],
    stoppedMs: number,
    cpu: NodeJS.CpuUsage,
  ): RunOutcome {
    const { plan, cluster, signal } = this.request;
    const buckets = this.timeline.finish();
    const elapsedMs = Math.max(stoppedMs, lastEndMs(buckets));
    const events = this.events.toSorted((a, b) => a.atMs - b.atMs);
    const clients = summaries.map(clientFacts);
    const { commands } = this;
    const recording: Recording = { plan, commands, buckets, clients, faults, events, cluster, elapsedMs };
    const analysed = analyse(recording);
    const run: RunFacts = {
      id: this.runId,
      startedAt: this.startedAt,
      status: signal.aborted ? 'interrupted' : statusOf(buckets, stoppedMs),
      elapsedMs,
    };
    const result: Result = {
      format: 'pgha-bench/result',
      version: 1,
      tool: toolFacts(),
      run,
      generator: {
        cpuUserMs: cpu.user / 1000,
        cpuSystemMs: cpu.system / 1000,
        threads: [],
        verdict: '',
        healthy: true,
      },
      plan,
      cluster,
      ...analysed,
      clients,
      events,
      faults,
      commits: null,
      observed: { observers: [], clocks: [], series: [], history: [] },
      notes: [...analysed.notes, ...observers.flatMap((observer) => observer.gaps), ...this.pool.problems],
    };
    return { result, histograms: histogramLogs(recording, this.startedAt) };
  }
}

/** So long before the end a load must have been without any acknowledgement, to say that the target never came back. */
const GONE_MS = 3000;

/** Broken: nothing was acknowledged at the end, or at all, and what was tried failed for a reason that is not the script's. */
function statusOf(buckets: readonly Bucket[], stoppedMs: number): RunFacts['status'] {
  let lastAckUs = -1;
  let lastFailureUs = -1;
  for (const bucket of buckets) {
    for (const script of bucket.scripts) {
      lastAckUs = Math.max(lastAckUs, script.lastAckUs);
    }
    for (const error of bucket.errors) {
      lastFailureUs = blamesScript(error.code) ? lastFailureUs : Math.max(lastFailureUs, error.lastUs);
    }
  }
  const gone = lastAckUs < 0 || stoppedMs - lastAckUs / 1000 > GONE_MS;
  return gone && lastFailureUs > lastAckUs ? 'broken' : 'completed';
}

function clientFacts(summary: ClientSummary): ClientFacts {
  return {
    client: summary.client,
    acks: summary.acks,
    connects: summary.connects,
    lastAckMs: summary.lastAckUs < 0 ? null : summary.lastAckUs / 1000,
    longestGap:
      summary.gapFromUs < 0 ? null : { fromMs: summary.gapFromUs / 1000, toMs: summary.gapToUs / 1000 },
  };
}

/** End of the last attempt that ended at all. */
function lastEndMs(buckets: readonly Bucket[]): number {
  let lastUs = 0;
  for (const bucket of buckets.slice(-1000)) {
    for (const script of bucket.scripts) {
      lastUs = Math.max(lastUs, script.lastAckUs);
    }
    for (const error of bucket.errors) {
      lastUs = Math.max(lastUs, error.lastUs);
    }
  }
  return lastUs / 1000;
}
