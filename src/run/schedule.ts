import type { ClusterAccess } from '../cluster/access.js';
import type { ClusterHealth } from '../cluster/health.js';
import { type Fault, notAsked } from '../faults/fault.js';
import type { LabControl } from '../faults/lab-control.js';
import { pause } from '../observe/poll.js';
import type { FaultPlan, Plan } from '../plan/plan.js';
import type { FaultRecord } from '../result/result.js';
import { FaultRecords, type FaultTeller } from './fault-records.js';
import { disturbanceOf, type Group, groupsOf, turned } from './rounds.js';

/** Writes must have been acknowledged for so long before a fault is undone, and again before the next one. */
const SETTLED_MS = 3000;
/** A few beats of the probes. */
const CLOSER_MS = 200;

/** So long the load is left alone between the recovery of the cluster and the next round: its steady part. */
const STEADY_MS = 5000;
/** What a failover may take beyond the lease. */
const BEYOND_LEASE_MS = 30_000;
/** A replica that comes back may have to be copied anew. */
const HEALTHY_WITHIN_MS = 120_000;
/** How long a round waits for the throughput that was there before the first. */
const AS_USUAL_WITHIN_MS = 30_000;
const LOOK_MS = 100;
/** Of N rounds, so many may be repeated. */
const REPEATS = 1;

const ENDED = 'The run ended before its time.';
const UNHEALTHY = 'The cluster was not healthy again after the fault before it.';

/** What the schedule sees of the run, and tells it. */
export interface ScheduleContext extends FaultTeller {
  readonly plan: Plan;
  /** In the order of plan.faults. */
  readonly faults: readonly Fault[];
  readonly access: ClusterAccess;
  readonly lab: LabControl | null;
  /** Aborted when the load ends. */
  readonly signal: AbortSignal;
  /** Aborted by Ctrl-C: then nothing is waited for. */
  readonly interrupt: AbortSignal;
  readonly ttlMs: number;
  readonly loopWaitMs: number;
  /** Who leads, as far as the observers know; null when nobody knows. */
  leader(): string | null;
  /** How often the leader has changed up to now. */
  leaderChanges(): number;
  servedForMs(fromMs: number): number;
  /** The throughput of now is what it is to be like again in later rounds. */
  setUsual(): void;
  /** Whether it is. */
  isAsUsual(): boolean;
  health(): Promise<ClusterHealth>;
  /** A fault is about to be injected. */
  before(): void;
  /** Mends what does not mend itself, on a lab; says what it did. Told of each look at an unhealthy cluster. */
  mend(health: ClusterHealth): Promise<readonly string[]>;
  onRound(round: number): void;
  /** Uniform in [0, 1). */
  random(): number;
}

interface Injected {
  /** Index of its record. */
  readonly record: number;
  /** Changes of the leader before it, and who led. */
  readonly changesBefore: number;
  readonly ledBefore: string | null;
}

/**
 * Does the faults of a plan: each at its time or, in rounds, when the cluster is healthy and the load steady. What a
 * fault did is taken back when service has been back for a while, and the next one waits until the cluster is healthy.
 */
export class Schedule {
  private readonly records: FaultRecords;
  private finished: Promise<readonly FaultRecord[]> | undefined;
  /** Who led before the last round: a switchover goes back there. */
  private ledBefore: string | null = null;

  constructor(private readonly context: ScheduleContext) {
    this.records = new FaultRecords(context);
  }

  /** Resolves when all rounds are over or the load ended; never rejects. */
  async run(): Promise<void> {
    const { plan } = this.context;
    if (plan.faults.length === 0) {
      return;
    }
    if (plan.rounds === null) {
      await this.once();
    } else {
      await this.inRounds(plan.rounds);
    }
  }

  /** After the load: takes back what still stands, and waits until the cluster is healthy. */
  finish(): Promise<readonly FaultRecord[]> {
    this.finished ??= this.heal();
    return this.finished;
  }

  private async heal(): Promise<readonly FaultRecord[]> {
    const { records } = this;
    const pending = records.somethingStands;
    await records.undoAll();
    const last = records.all.findLastIndex(({ askedAtMs }) => askedAtMs !== null);
    if (last >= 0 && (pending || records.at(last)?.healthyAtMs === null)) {
      await this.waitUntilHealthy(last, this.context.interrupt);
    }
    return records.all;
  }

  // ---- at their times

  private async once(): Promise<void> {
    const { plan, faults, signal } = this.context;
    let round = 1;
    for (const [index, fault] of faults.entries()) {
      const order = plan.faults[index] as FaultPlan;
      await this.approach(order.atMs);
      const injected = await this.inject(fault, order, round);
      let healthy = true;
      if (fault.prepares !== true || index === faults.length - 1) {
        healthy = await this.settle(fault, injected);
        round++;
      }
      if (signal.aborted || !healthy) {
        this.missOut(index + 1, round, signal.aborted ? ENDED : UNHEALTHY);
        return;
      }
    }
  }

  private missOut(from: number, round: number, failure: string): void {
    const { plan } = this.context;
    for (const order of plan.faults.slice(from)) {
      this.records.missed({ ...notAsked(order, round), failure });
    }
  }

  // ---- in rounds

  private async inRounds(wanted: number): Promise<void> {
    const { plan, signal } = this.context;
    await this.sleepUntil(plan.faults[0]?.atMs ?? 0);
    this.context.setUsual();
    let round = 1;
    for (const group of groupsOf(this.context.faults)) {
      let valid = 0;
      for (let tries = 1; valid < wanted && tries <= wanted * (1 + REPEATS) && !signal.aborted; tries++) {
        this.context.onRound(Math.min(valid + 1, wanted));
        if (round > 1 && !(await this.steady())) {
          return;
        }
        const ended = await this.round(group, round++);
        if (ended === 'unhealthy') {
          this.missOut(group.to, round, UNHEALTHY);
          return;
        }
        valid += ended === 'valid' ? 1 : 0;
      }
      // The first of its rounds is no way back.
      this.ledBefore = null;
    }
    await this.sleepFor(STEADY_MS);
  }

  /** @returns whether the round tells something of its faults, and whether there may be another one */
  private async round(group: Group, round: number): Promise<'valid' | 'invalid' | 'unhealthy'> {
    const { context, records } = this;
    const faults = context.faults.slice(group.from, group.to);
    const firstRecord = records.all.length;
    const changesBefore = context.leaderChanges();
    const leader = context.leader();
    const injected = await this.injectAll(group, round);
    const healthy = injected === undefined || (await this.settle(faults.at(-1) as Fault, injected));
    this.ledBefore = leader;
    const disturbance = disturbanceOf(context.leaderChanges() - changesBefore, faults);
    records.amend(records.all.length - 1, { disturbance });
    if (!healthy && !context.signal.aborted) {
      return 'unhealthy';
    }
    const failed = records.all.slice(firstRecord).some(({ failure }) => failure !== null);
    return failed || disturbance !== null || context.signal.aborted ? 'invalid' : 'valid';
  }

  /** The faults of a round, as far apart as in the plan. @returns the last one */
  private async injectAll({ from, to }: Group, round: number): Promise<Injected | undefined> {
    const { plan, faults, clock } = this.context;
    const beginMs = clock.nowMs() + CLOSER_MS - (plan.faults[from]?.atMs ?? 0);
    let injected: Injected | undefined;
    for (let index = from; index < to; index++) {
      const order = plan.faults[index] as FaultPlan;
      await this.approach(beginMs + order.atMs);
      const way = turned(order, this.ledBefore, this.context.leader());
      injected = await this.inject(faults[index] as Fault, way, round);
    }
    return injected;
  }

  /** Waits for a healthy cluster and a steady load, and then for a random part of Patroni's loop. */
  private async steady(): Promise<boolean> {
    const { signal, clock, random, loopWaitMs } = this.context;
    const fromMs = clock.nowMs();
    const steady = () => this.context.servedForMs(fromMs) >= STEADY_MS;
    await this.until(steady, HEALTHY_WITHIN_MS, signal);
    const isSteady = steady();
    // Where it does not come back, the analysis says so.
    await this.until(() => this.context.isAsUsual(), AS_USUAL_WITHIN_MS, signal);
    await this.sleepFor(random() * loopWaitMs);
    return isSteady && !signal.aborted;
  }

  // ---- one fault

  /** Whoever looks on does so closely a moment before, so that what a fault takes away had just been there. */
  private async approach(atMs: number): Promise<void> {
    await this.sleepUntil(atMs - CLOSER_MS);
    if (!this.context.signal.aborted) {
      this.context.before();
    }
    await this.sleepUntil(atMs);
  }

  private async inject(fault: Fault, order: FaultPlan, round: number): Promise<Injected> {
    const { plan, access, lab, clock, signal } = this.context;
    const before = { changesBefore: this.context.leaderChanges(), ledBefore: this.context.leader() };
    if (signal.aborted) {
      const missed = { ...notAsked(order, round), failure: ENDED };
      return { record: this.records.missed(missed), ...before };
    }
    const { record, undo } = await fault.inject({
      target: plan.target,
      plan: order,
      access,
      lab,
      clock,
      round,
      signal,
    });
    return { record: this.records.injected(record, undo), ...before };
  }

  /**
   * Until its effects are over; then it is taken back, and the cluster gets time to become healthy.
   * @returns whether it is
   */
  private async settle(
    fault: Fault,
    { record: index, changesBefore, ledBefore }: Injected,
  ): Promise<boolean> {
    const { signal, clock, ttlMs, loopWaitMs } = this.context;
    const { askedAtMs, failure, subject, undoneAtMs } = this.records.at(index) as FaultRecord;
    if (askedAtMs !== null && failure === null) {
      // What was done to a replica, or to a postmaster that nobody looks at, changes no leader.
      const changes =
        fault.expects === 'another_leader' &&
        ledBefore !== null &&
        (subject === null || subject === ledBefore);
      if (changes) {
        // One that is over already may be noticed yet, in Patroni's next loops.
        const lastMs = undoneAtMs === null ? askedAtMs + ttlMs + BEYOND_LEASE_MS : undoneAtMs;
        const withinMs = lastMs + 2 * loopWaitMs - clock.nowMs();
        await this.until(() => this.context.leaderChanges() > changesBefore, withinMs, signal);
      }
      const served = () => this.context.servedForMs(askedAtMs) >= SETTLED_MS;
      await this.until(served, HEALTHY_WITHIN_MS, signal);
    }
    await this.records.undoAll();
    return askedAtMs === null || (await this.waitUntilHealthy(index, signal));
  }

  /** @returns whether it is; true where there is nobody to ask */
  private async waitUntilHealthy(index: number, signal: AbortSignal): Promise<boolean> {
    const { plan, clock } = this.context;
    if (plan.target.patroni.length === 0 || index < 0) {
      return true;
    }
    const untilMs = clock.nowMs() + HEALTHY_WITHIN_MS;
    while (!signal.aborted && clock.nowMs() < untilMs) {
      const health = await this.context.health();
      if (!health.healthy) {
        for (const done of await this.context.mend(health)) {
          this.context.tell('mended', clock.nowMs(), done);
        }
      } else {
        const healthyAtMs = clock.nowMs();
        this.records.amend(index, { healthyAtMs });
        this.context.tell('healthy', healthyAtMs, 'the cluster is healthy');
        return true;
      }
      await pause(2 * LOOK_MS, signal);
    }
    return false;
  }

  private async until(holds: () => boolean, withinMs: number, signal: AbortSignal): Promise<void> {
    const untilMs = this.context.clock.nowMs() + withinMs;
    while (!holds() && !signal.aborted && this.context.clock.nowMs() < untilMs) {
      await pause(LOOK_MS, signal);
    }
  }

  private async sleepUntil(atMs: number): Promise<void> {
    await pause(atMs - this.context.clock.nowMs(), this.context.signal);
  }

  private async sleepFor(ms: number): Promise<void> {
    await pause(ms, this.context.signal);
  }
}
