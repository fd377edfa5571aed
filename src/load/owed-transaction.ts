import type { Failure } from '../postgres/failure.js';
import type { RandomStream } from '../workload/random/stream.js';
import { isContended, logFailureOf } from './client-failures.js';
import type { ClientGroup, Member } from './client-group.js';
import { INTENDED, LAG, rowOf, START } from './client-times.js';
import { NONE } from './instants.js';
import type { Share } from './share.js';

/**
 * The transaction that a client owes, over all attempts at it: from when it is taken until it is acknowledged, given up or
 * skipped. What becomes of it goes from here to the recorder and to the transaction log. One object for all transactions of
 * a client, one after the other.
 */
export class OwedTransaction {
  /** Index of the script; also of the one whose closing the client runs, when it owes nothing any more. */
  script = 0;
  /** There was an attempt. */
  private begunBefore = false;
  /** How often contention has ended it, and it was tried again. */
  private retries = 0;
  /** The next attempt draws other values. */
  private drawsAnew = false;
  private lastFailureCode = '';
  /** Transactions that ended, for the log. */
  private ended = 0;
  /** Where its times stand among those of all clients. */
  private readonly row: number;

  constructor(
    private readonly client: Member,
    private readonly group: ClientGroup,
    /** Gives scripts, and with an open pace instants. */
    private readonly share: Share,
    private readonly random: RandomStream,
    /** Of the client, among those of the group. */
    slot: number,
  ) {
    this.row = rowOf(slot);
  }

  /** When it should have begun, or should begin; negative when none is owed. Kept over attempts that did not go through. */
  get intendedUs(): number {
    return this.group.clientTimes[this.row + INTENDED] as number;
  }

  set intendedUs(atUs: number) {
    this.group.clientTimes[this.row + INTENDED] = atUs;
  }

  /** Of the last attempt. */
  private get startUs(): number {
    return this.group.clientTimes[this.row + START] as number;
  }

  private set startUs(atUs: number) {
    this.group.clientTimes[this.row + START] = atUs;
  }

  /** From the intended start to the first attempt; negative before it. */
  private get lagUs(): number {
    return this.group.clientTimes[this.row + LAG] as number;
  }

  private set lagUs(lagUs: number) {
    this.group.clientTimes[this.row + LAG] = lagUs;
  }

  /**
   * Takes another one, which begins now or, with an open pace, at its instant; skips those that are too late by then.
   * @returns whether there is one
   */
  take(nowUs: number): boolean {
    const { group, share } = this;
    if (!this.count()) {
      return false;
    }
    this.script = share.chooseScript();
    this.begunBefore = false;
    this.retries = 0;
    this.lagUs = NONE;
    if (share.pacer === undefined) {
      this.intendedUs = nowUs;
      return true;
    }
    let startUs = share.pacer.nextUs();
    while (startUs < nowUs - group.latencyLimitUs) {
      // Before it is told: if the warm-up ends with this, it counts as one that is owed.
      this.intendedUs = startUs;
      this.skipped(nowUs);
      if (!this.count()) {
        return false;
      }
      startUs = share.pacer.nextUs();
    }
    if (startUs === Infinity) {
      return false;
    }
    this.intendedUs = startUs;
    return true;
  }

  /** There is to be an attempt; what it still needs is a connection. */
  due(nowUs: number): void {
    if (this.lagUs < 0) {
      this.lagUs = nowUs - this.intendedUs;
      if (this.share.pacer !== undefined) {
        this.group.recorder.lagged(this.script, this.lagUs, nowUs);
      }
    }
  }

  /** An attempt begins. */
  begin(nowUs: number): void {
    this.startUs = nowUs;
    // The same transaction draws the same values again, unless sysbench begins its event anew.
    if (this.begunBefore && !this.drawsAnew) {
      this.random.restore();
    } else {
      this.random.save();
    }
    this.begunBefore = true;
    this.drawsAnew = false;
  }

  /** It is done, and so says a server: by its index among those of the recorder. */
  acknowledged(server: number, outcome: number, nowUs: number): void {
    this.group.recorder.acknowledged(this.script, server, outcome, this.intendedUs, this.startUs, nowUs);
    this.succeeded(nowUs);
  }

  /** It is done, and no server had a part in it. */
  completed(nowUs: number): void {
    this.group.recorder.completed(this.script, this.intendedUs, this.startUs, nowUs);
    this.succeeded(nowUs);
  }

  /** An attempt failed, maybe one to connect. @param server that it was tried on, `` where that is not known */
  failed(server: string, outcome: number, failure: Failure, nowUs: number): void {
    this.lastFailureCode = failure.code;
    this.group.recorder.failed(this.script, server, outcome, failure, nowUs);
  }

  /** Asked behind failed(). @returns whether there is to be another attempt: as pgbench does, or as sysbench */
  triesAgain(nowUs: number): boolean {
    const { group } = this;
    const tries =
      this.wasContended &&
      group.running &&
      this.retries + 1 < group.maxTries &&
      nowUs - this.intendedUs < group.latencyLimitUs;
    if (tries) {
      this.retries++;
      this.drawsAnew = group.restarts;
    }
    return tries;
  }

  /** The last failure was one that clients do to each other. */
  get wasContended(): boolean {
    return isContended(this.lastFailureCode, this.group.restarts);
  }

  /** It failed, and is not tried any more. */
  givenUp(nowUs: number): void {
    const { group } = this;
    group.log?.failed(
      this.client.id,
      this.ended + 1,
      logFailureOf(this.lastFailureCode),
      this.script,
      group.epochUs(nowUs),
      this.lagUs,
      this.retries + 1,
    );
    this.over();
  }

  /** The run ends before it went through. */
  abandon(nowUs: number): void {
    if (this.intendedUs >= 0 && this.begunBefore) {
      this.givenUp(nowUs);
    }
    this.intendedUs = NONE;
  }

  /** Those that ended so far do not count. */
  forget(): void {
    this.ended = 0;
  }

  /** @returns whether there may be one more; it counts then */
  private count(): boolean {
    const { client, group } = this;
    if (!group.mayBegin(client)) {
      return false;
    }
    group.countTransaction(client);
    return true;
  }

  /** It could not begin within the latency limit, and is not begun. */
  private skipped(nowUs: number): void {
    const { group } = this;
    group.recorder.skipped(this.script, nowUs);
    group.log?.skipped(
      this.client.id,
      this.ended + 1,
      this.script,
      group.epochUs(nowUs),
      nowUs - this.intendedUs,
    );
    this.ended++;
  }

  private succeeded(nowUs: number): void {
    const { group } = this;
    group.log?.acknowledged(
      this.client.id,
      this.ended + 1,
      nowUs - this.intendedUs,
      this.script,
      group.epochUs(nowUs),
      this.lagUs,
      this.retries + 1,
    );
    this.over();
  }

  /** Whatever became of it, nothing is owed any more. */
  private over(): void {
    if (this.retries > 0) {
      this.group.recorder.retried(this.script, this.retries);
    }
    this.ended++;
    this.intendedUs = NONE;
  }
}
