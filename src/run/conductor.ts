import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import type { KnownCost } from '../analysis/capacity.js';
import type { RunProgress } from '../analysis/progress.js';
import { RunClock } from '../clock.js';
import type { ClusterAccess } from '../cluster/access.js';
import type { ClusterMember } from '../cluster/patroni.js';
import type { PatroniKeys } from '../cluster/patroni-keys.js';
import { UserError } from '../errors.js';
import type { Fault } from '../faults/fault.js';
import type { LabControl } from '../faults/lab-control.js';
import type { TpcbState } from '../ledger/invariants.js';
import { Pool } from '../load/pool.js';
import { ThreadHealth } from '../load/thread-health.js';
import { pause } from '../observe/poll.js';
import type { Plan } from '../plan/plan.js';
import type { Secrets } from '../plan/target.js';
import type { ClusterFacts, FaultRecord } from '../result/result.js';
import type { LedgerPlan } from '../workload/ledger-plan.js';
import { type Audited, auditRun } from './audit.js';
import { EventLog } from './event-log.js';
import { Heartbeat } from './heartbeat.js';
import { LeadIn } from './lead-in.js';
import { type LoadEnd, loadEnd } from './load-end.js';
import { withObservation } from './observed.js';
import { assemble, type Counted, type RunOutcome } from './outcome.js';
import { type ProgramFacts, programFacts } from './program-facts.js';
import { tellProgress } from './progress.js';
import { Schedule } from './schedule.js';
import { scheduleContext } from './schedule-context.js';
import { ServiceWatch } from './service-watch.js';
import { Timeline } from './timeline.js';
import { type Watching, watchingOf } from './watching.js';

/** What a run needs beside its plan. */
export interface RunRequest {
  readonly plan: Plan;
  readonly secrets: Secrets;
  readonly access: ClusterAccess;
  /** What was found out about the target before. */
  readonly cluster: ClusterFacts;
  /** As /cluster listed them; empty without Patroni. */
  readonly members: readonly ClusterMember[];
  /** Where Patroni has its keys in etcd. */
  readonly keys: PatroniKeys;
  /** In the order of plan.faults. */
  readonly faults: readonly Fault[];
  /** Null unless the target is a lab. */
  readonly lab: LabControl | null;
  readonly ledger: LedgerPlan;
  /** What this machine's calibration says of its workers. */
  readonly workerCost: KnownCost;
  /** Sums of pgbench's tables before the load; null where they are not compared. */
  readonly tpcb: TpcbState | null;
  /** What was found before the load that a reader of the result must know. */
  readonly notes: readonly string[];
  /** Stops the load; what was recorded until then is a result, too. */
  readonly signal: AbortSignal;
  /** How often onProgress is called while the load runs; whole seconds. */
  readonly progressMs: number;
  readonly onProgress: (progress: RunProgress) => void;
  /** What is done to the cluster now and would stay so if the process ended, `freeze-node of n1`. */
  readonly onStanding: (standing: readonly string[]) => void;
  /** The load has ended, and something else takes its time. */
  readonly onStep: (step: string) => void;
}

/** Threads need a moment until they have the message; the load begins for all of them at the same instant. */
const LEAD_NS = 30_000_000n;

/**
 * @throws UserError when a client cannot connect before the load, or when it was interrupted before it began; what
 *   happens to the target later is part of the result
 */
export async function conduct(request: RunRequest): Promise<RunOutcome> {
  const { plan, secrets } = request;
  const runId = randomBytes(4).toString('hex');
  const timeline = new Timeline(plan.intervalMs);
  const service = new ServiceWatch(plan);
  const pool = new Pool(plan, secrets, runId, (frame) => {
    service.saw(frame);
    timeline.add(frame);
  });
  try {
    const programs = await programFacts(plan);
    await Promise.race([pool.open(), rejectOn(request.signal)]);
    // Before the clock of the run is set: it takes round trips.
    const heartbeat = await Promise.race([Heartbeat.prepare(plan, secrets, runId), rejectOn(request.signal)]);
    return await new Conductor(request, runId, pool, timeline, service, programs, heartbeat).run();
  } finally {
    await pool.terminate();
  }
}

/** @throws UserError once the signal is aborted */
async function rejectOn(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
  throw new UserError('Interrupted before the load began.');
}

class Conductor {
  private readonly log: EventLog;
  private readonly loadNs = process.hrtime.bigint() + LEAD_NS;
  private readonly clock: RunClock;
  private readonly startedAt: string;
  /** Aborted when the load ends: for faults and progress. */
  private readonly ended = new AbortController();
  private round = 0;
  private readonly faultsMs: number[] = [];

  constructor(
    private readonly request: RunRequest,
    private readonly runId: string,
    private readonly pool: Pool,
    private readonly timeline: Timeline,
    private readonly service: ServiceWatch,
    private readonly programs: ProgramFacts,
    private readonly heartbeat: Heartbeat | null,
  ) {
    const { warmupMs, intervalMs } = request.plan;
    // As the workers have it: a whole number of intervals.
    const warmup = Math.ceil(warmupMs / intervalMs) * intervalMs;
    this.clock = new RunClock(this.loadNs + BigInt(Math.round(warmup * 1e6)));
    this.startedAt = new Date(Date.now() + Number(LEAD_NS) / 1e6 + warmup).toISOString();
    this.log = new EventLog((atMs) => this.timeline.mark(atMs));
  }

  async run(): Promise<RunOutcome> {
    const { signal } = this.request;
    // One listener for each request and pause of the run, not a leak.
    setMaxListeners(0, this.ended.signal, signal);
    const health = new ThreadHealth('main');
    const lead = new LeadIn(this.clock, this.request.plan.intervalMs);
    const watching = this.watch(health, lead);
    this.pool.start(this.loadNs);
    watching.start();
    try {
      // A worker that fails in the warm-up ends it, too.
      await Promise.race([pause(-this.clock.nowMs(), signal), this.pool.failure(), this.pool.drained()]);
      return await this.measure(health, watching, lead);
    } finally {
      // After a failure, too: what goes on asking would keep the process alive.
      this.ended.abort();
      await watching.stop();
    }
  }

  /** From instant 0 on. */
  private async measure(health: ThreadHealth, watching: Watching, lead: LeadIn): Promise<RunOutcome> {
    const schedule = this.schedule(health, watching);
    watching.begin();
    health.begin();
    const cpuBefore = process.cpuUsage();
    const progress = this.tellProgress();
    const faults = schedule.run();
    // Awaited below, whatever the load does meanwhile; progress rejects with what the caller's function throws.
    faults.catch(() => undefined);
    progress.catch(() => undefined);
    try {
      const end = await this.endOfLoad(cpuBefore, faults);
      const thread = health.end();
      watching.stopProbes();
      await faults;
      const [records] = await Promise.all([this.heal(schedule), progress]);
      const faultsSeen = records.map((record) => withObservation(record, this.log.sorted()));
      await watching.stop();
      const audited = await this.audit(end);
      const counted: Counted = { ...end, faults: faultsSeen, threads: [thread, ...this.pool.threads] };
      const { observed, notes } = await watching.outcome();
      return assemble({
        ...this.recorded(),
        counted,
        audited,
        observed: lead.observed(observed),
        notes: [...this.request.notes, ...notes, ...this.pool.problems],
      });
    } finally {
      this.ended.abort();
      // A fault in flight still hands over its undo; a lab would stay frozen.
      await faults.catch(() => undefined);
      await schedule.finish();
    }
  }

  private recorded() {
    const { plan, cluster, signal, workerCost } = this.request;
    const { runId, startedAt } = this;
    const { commands, statements } = this.programs;
    const interrupted = signal.aborted;
    const events = this.log.sorted();
    return {
      plan,
      cluster,
      runId,
      startedAt,
      interrupted,
      commands,
      statements,
      workerCost,
      events,
      buckets: this.timeline.finish(),
    };
  }

  private watch(health: ThreadHealth, lead: LeadIn): Watching {
    const { plan, secrets, access, members, keys } = this.request;
    return watchingOf({
      plan,
      secrets,
      access,
      members,
      keys,
      runId: this.runId,
      clock: lead.clock,
      onFrame: (seen) => {
        const frame = lead.frame(seen);
        if (frame !== undefined) {
          this.service.saw(frame);
          this.timeline.add(frame);
        }
      },
      onEvent: (event) => this.log.add(lead.event(event)),
      onLate: (byUs) => health.late(byUs),
      heartbeat: this.heartbeat,
    });
  }

  private schedule(health: ThreadHealth, watching: Watching): Schedule {
    const { plan, faults, access, lab, cluster, signal, members, onStanding } = this.request;
    const context = scheduleContext({
      plan,
      faults,
      access,
      lab,
      cluster,
      members,
      clock: this.clock,
      log: this.log,
      service: this.service,
      signal: this.ended.signal,
      interrupt: signal,
      onFault: (nowMs) => {
        this.timeline.mark(nowMs);
        this.pool.mark();
        health.mark();
        this.faultsMs.push(nowMs);
        watching.dense();
      },
      onRound: (round) => {
        this.round = round;
      },
      onStanding,
    });
    return new Schedule(context);
  }

  /** @param faults end the load, too, when they are done in rounds */
  private endOfLoad(cpuBefore: NodeJS.CpuUsage, faults: Promise<void>): Promise<LoadEnd> {
    const { plan, signal } = this.request;
    return loadEnd({
      plan,
      clock: this.clock,
      pool: this.pool,
      interrupt: signal,
      ended: this.ended,
      cpuBefore,
      rounds: plan.rounds === null ? null : faults,
    });
  }

  private heal(schedule: Schedule): Promise<readonly FaultRecord[]> {
    if (this.request.plan.faults.length > 0 && !this.request.signal.aborted) {
      this.request.onStep('Waiting until the cluster is healthy.');
    }
    return schedule.finish();
  }

  private audit(end: LoadEnd): Promise<Audited> {
    const { plan, secrets, access, members, ledger, tpcb, signal, onStep } = this.request;
    if (ledger.mode !== 'off' && !signal.aborted) {
      onStep('Comparing the commits that were acknowledged with those that are there.');
    }
    return auditRun({
      plan,
      secrets,
      access: access.patroni,
      members,
      ledger,
      tpcb,
      runId: this.runId,
      ledgers: this.pool.ledgers,
      events: this.log.sorted(),
      buckets: this.timeline.finish(),
      stoppedMs: end.stoppedMs,
      clock: this.clock,
      signal,
    });
  }

  private tellProgress(): Promise<void> {
    const { plan, progressMs, onProgress } = this.request;
    const sources = {
      plan,
      clock: this.clock,
      timeline: this.timeline,
      log: this.log,
      round: () => this.round,
      faultsMs: () => this.faultsMs,
      progressMs,
      onProgress,
    };
    return tellProgress(sources, this.ended.signal);
  }
}
