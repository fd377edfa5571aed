import { changesOfLeader } from '../analysis/asked.js';
import type { RunClock } from '../clock.js';
import type { ClusterAccess } from '../cluster/access.js';
import type { ClusterHealth } from '../cluster/health.js';
import { messageOf } from '../errors.js';
import { type Fault, notAsked } from '../faults/fault.js';
import type { LabControl } from '../faults/lab-control.js';
import { pause } from '../observe/poll.js';
import type { FaultPlan, Plan } from '../plan/plan.js';
import type { FaultRecord } from '../result/result.js';

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
export interface ScheduleContext {
  readonly plan: Plan;
  /** In the order of plan.faults. */
  readonly faults: readonly Fault[];
  readonly access: ClusterAccess;
  readonly lab: LabControl | null;
  readonly clock: RunClock;
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
  tell(kind: 'asked' | 'answered' | 'undone' | 'healthy' | 'mended', atMs: number, text: string): void;
  /** Told what stands now and is still to be taken back. */
  onStanding(standing: readonly string[]): void;
  onRound(round: number): void;
  /** Uniform in [0, 1). */
  random(): number;
}

interface Injected {
  /** Index in `records`. */
  readonly record: number;
  /** Changes of the leader before it, and who led. */
  readonly changesBefore: number;
  readonly ledBefore: string | null;
}

/** Indexes in plan.faults, `to` excluded. */
interface Group {
  readonly from: number;
  readonly to: number;
}

interface Undo {
  /** Index in `records`. */
  readonly record: number;
  readonly undo: () => Promise<string>;
}

/**
 * Does the faults of a plan: each at its time or, in rounds, when the cluster is healthy and the load steady. What a
 * fault did is taken back when service has been back for a while, and the next one waits until the cluster is healthy.
 */
export class Schedule {
  private readonly records: FaultRecord[] = [];
  private undos: Undo[] = [];
  private finished: Promise<readonly FaultRecord[]> | undefined;
  /** Who led before the last round: a switchover goes back there. */
  private ledBefore: string | null = null;

  constructor(private readonly context: ScheduleContext) {}

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
    const pending = this.undos.length > 0;
    await this.undoAll();
    const last = this.records.findLastIndex(({ askedAtMs }) => askedAtMs !== null);
    if (last >= 0 && (pending || this.records[last]?.healthyAtMs === null)) {
      await this.waitUntilHealthy(last, this.context.interrupt);
    }
    return this.records;
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
      this.records.push({ ...notAsked(order, round), failure });
    }
  }

  // ---- in rounds

  private async inRounds(wanted: number): Promise<void> {
    const { plan, signal } = this.context;
    await this.sleepUntil(plan.faults[0]?.atMs ?? 0);
    this.context.setUsual();
    let round = 1;
    for (const group of this.groups()) {
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

  /** Each fault with those that prepare it: what makes one round. */
  private groups(): readonly Group[] {
    const { faults } = this.context;
    const groups: Group[] = [];
    let from = 0;
    for (const [index, fault] of faults.entries()) {
      if (fault.prepares !== true || index === faults.length - 1) {
        groups.push({ from, to: index + 1 });
        from = index + 1;
      }
    }
    return groups;
  }

  /** @returns whether the round tells something of its faults, and whether there may be another one */
  private async round({ from, to }: Group, round: number): Promise<'valid' | 'invalid' | 'unhealthy'> {
    const { plan, faults, signal } = this.context;
    const firstRecord = this.records.length;
    const changesBefore = this.context.leaderChanges();
    const leader = this.context.leader();
    const beginMs = this.context.clock.nowMs() + CLOSER_MS;
    const firstAtMs = plan.faults[from]?.atMs ?? 0;
    let injected: Injected | undefined;
    for (let index = from; index < to; index++) {
      const order = plan.faults[index] as FaultPlan;
      await this.approach(beginMs + order.atMs - firstAtMs);
      injected = await this.inject(faults[index] as Fault, this.turned(order, round), round);
    }
    const last = faults[to - 1];
    const healthy = last === undefined || injected === undefined || (await this.settle(last, injected));
    this.ledBefore = leader;
    const disturbance = this.disturbanceSince(changesBefore, faults.slice(from, to));
    this.amend(this.records.length - 1, { disturbance });
    if (!healthy && !signal.aborted) {
      return 'unhealthy';
    }
    const failed = this.records.slice(firstRecord).some(({ failure }) => failure !== null);
    return failed || disturbance !== null || signal.aborted ? 'invalid' : 'valid';
  }

  /** Each fault changes the leader once at most, and some never; nobody knows what a command does. */
  private disturbanceSince(changesBefore: number, faults: readonly Fault[]): string | null {
    const changes = this.context.leaderChanges() - changesBefore;
    return changes > changesOfLeader(faults.map(({ kind }) => kind))
      ? `the leader changed ${changes} times`
      : null;
  }

  /** A switchover goes back to whom led before, so that the rounds alternate. */
  private turned(order: FaultPlan, round: number): FaultPlan {
    const planned = order.kind === 'switchover' || order.kind === 'failover';
    const leader = this.context.leader();
    const wanted = order.options['candidate'];
    if (!planned || round === 1 || this.ledBefore === null || this.ledBefore === leader) {
      return order;
    }
    if (wanted !== undefined && wanted !== leader) {
      return order;
    }
    return { ...order, options: { ...order.options, candidate: this.ledBefore } };
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
      return { record: this.records.push(missed) - 1, ...before };
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
    const index = this.records.push(record) - 1;
    this.tellOf(record);
    if (undo !== null) {
      this.undos.push({ record: index, undo });
      this.tellStanding();
    }
    return { record: index, ...before };
  }

  private tellOf(record: FaultRecord): void {
    const of = record.subject === null ? record.kind : `${record.kind} of ${record.subject}`;
    if (record.askedAtMs !== null) {
      this.context.tell('asked', record.askedAtMs, `${of} asked`);
    }
    if (record.answeredAtMs !== null) {
      this.context.tell('answered', record.answeredAtMs, `${record.kind} answered: ${record.answer}`);
    }
    if (record.undoneAtMs !== null) {
      this.context.tell('undone', record.undoneAtMs, `${record.kind} undone: ${record.undone}`);
    }
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
    const askedAtMs = this.records[index]?.askedAtMs ?? null;
    if (askedAtMs !== null && this.records[index]?.failure === null) {
      const { subject = null, undoneAtMs = null } = this.records[index] ?? {};
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
    await this.undoAll();
    return askedAtMs === null || (await this.waitUntilHealthy(index, signal));
  }

  /** In the reverse order; one that fails does not keep the others. */
  private async undoAll(): Promise<void> {
    const undos = this.undos.toReversed();
    this.undos = [];
    for (const { record, undo } of undos) {
      try {
        const undone = await undo();
        const undoneAtMs = this.context.clock.nowMs();
        this.amend(record, { undone, undoneAtMs });
        this.context.tell('undone', undoneAtMs, `${this.records[record]?.kind} undone: ${undone}`);
        this.amend(record, { undoFailure: null });
      } catch (error) {
        // It is tried again at the end of the run.
        this.undos.unshift({ record, undo });
        this.amend(record, { undoFailure: messageOf(error) });
      }
    }
    this.tellStanding();
  }

  private tellStanding(): void {
    const standing = this.undos.map(({ record }) => {
      const { kind = '', subject = null } = this.records[record] ?? {};
      return subject === null ? kind : `${kind} of ${subject}`;
    });
    this.context.onStanding(standing);
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
        this.amend(index, { healthyAtMs });
        this.context.tell('healthy', healthyAtMs, 'the cluster is healthy');
        return true;
      }
      await pause(2 * LOOK_MS, signal);
    }
    return false;
  }

  private amend(index: number, part: Partial<FaultRecord>): void {
    const record = this.records[index];
    if (record !== undefined) {
      this.records[index] = { ...record, ...part };
    }
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
