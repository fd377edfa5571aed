import { writeInteger } from '../workload/digits.js';
import type { RandomStream } from '../workload/random/stream.js';
import { type AggregateColumns, LogAggregate, type LogFailure } from './log-aggregate.js';
import { LogFile } from './log-file.js';

export type { LogFailure } from './log-aggregate.js';

export interface TransactionLogOptions extends AggregateColumns {
  readonly path: string;
  /** Share of the transactions that are written, 0 < rate ≤ 1. */
  readonly samplingRate: number;
  /** Of this worker: one draw for each transaction, unless all are written. */
  readonly sampling: RandomStream;
  /** Length of the span that each line is about; null for a line for each transaction. */
  readonly aggregateUs: number | null;
  /** There are intended starts: lines end in the schedule lag. */
  readonly throttled: boolean;
  readonly latencyLimit: boolean;
  /** A transaction may be tried more than once: lines end in how often beyond the first try. */
  readonly retries: boolean;
  /** Failures are called by what they were. */
  readonly failuresDetailed: boolean;
}

/** The file of one worker, named as pgbench names it. */
export function logPath(prefix: string, pid: number, worker: number): string {
  return worker === 0 ? `${prefix}.${pid}` : `${prefix}.${pid}.${worker}`;
}

/**
 * pgbench's transaction log, as pgbench 15 writes it (seen from the program itself; `other` is of pgbench 19), one
 * for each worker:
 *
 *   client transaction latency|failed|serialization|deadlock|other|skipped script seconds microseconds [lag] [retries]
 *
 * Transactions of a client are numbered from 1, with those that failed or were skipped; times are whole µs; the end is
 * told by the clock of the epoch. Where pgbench 15 writes a lag of 0, of what failed or was skipped, this has the lag, as
 * pgbench's documentation shows it. Called on the hot path: a line allocates nothing.
 */
export class TransactionLog {
  private readonly file: LogFile;
  private readonly aggregate: LogAggregate | undefined;
  private readonly spanUs: number;
  /** Start of the span that `aggregate` is about; -1 before the first. */
  private spanStartUs = -1;

  /**
   * Opens the file at once.
   * @throws UserError
   */
  constructor(private readonly options: TransactionLogOptions) {
    this.file = new LogFile(options.path);
    this.aggregate = options.aggregateUs === null ? undefined : new LogAggregate(options);
    this.spanUs = options.aggregateUs ?? 0;
  }

  /** The first span begins here. Without it, it begins when the first transaction ends. */
  begin(epochUs: number): void {
    this.spanStartUs = Math.floor(epochUs);
  }

  /**
   * @param client 0 … clients - 1
   * @param transaction of this client, from 1
   * @param latencyUs from the intended start
   * @param lagUs from the intended start to the first attempt, negative where there was none; only read when throttled
   * @param tries 1 for one that went through at once
   */
  acknowledged(
    client: number,
    transaction: number,
    latencyUs: number,
    script: number,
    endEpochUs: number,
    lagUs: number,
    tries: number,
  ): void {
    if (this.leavesOut()) {
      return;
    }
    if (this.aggregate !== undefined) {
      this.rollTo(endEpochUs, this.aggregate);
      this.aggregate.acknowledged(Math.round(latencyUs), Math.round(lagUs), tries);
      return;
    }
    const { file } = this;
    file.reserve();
    file.used = writeInteger(client, file.buffer, file.used);
    this.number(transaction);
    this.number(Math.round(latencyUs));
    this.rest(script, endEpochUs, lagUs, tries);
  }

  failed(
    client: number,
    transaction: number,
    failure: LogFailure,
    script: number,
    endEpochUs: number,
    lagUs: number,
    tries: number,
  ): void {
    if (this.leavesOut()) {
      return;
    }
    if (this.aggregate !== undefined) {
      this.rollTo(endEpochUs, this.aggregate);
      this.aggregate.failed(failure, tries);
      return;
    }
    const word = this.options.failuresDetailed ? failure : 'failed';
    this.wordLine(client, transaction, word, script, endEpochUs, lagUs, tries);
  }

  /** Not begun, since it was too late for the latency limit. */
  skipped(client: number, transaction: number, script: number, epochUs: number, lagUs: number): void {
    if (this.leavesOut()) {
      return;
    }
    if (this.aggregate !== undefined) {
      this.rollTo(epochUs, this.aggregate);
      this.aggregate.skipped();
      return;
    }
    this.wordLine(client, transaction, 'skipped', script, epochUs, lagUs, 1);
  }

  /**
   * Writes what is left, in an aggregated log also a last span that is not over, which pgbench drops: whoever adds up
   * the lines then finds every transaction.
   * @param epochUs end of the load: spans without a transaction until then are written, too
   * @throws UserError when something could not be written
   */
  async close(epochUs?: number): Promise<void> {
    const { aggregate } = this;
    if (aggregate !== undefined && this.spanStartUs >= 0) {
      this.rollTo(epochUs ?? this.spanStartUs, aggregate);
      if (!aggregate.isEmpty) {
        this.writeSpan(aggregate);
      }
    }
    await this.file.close();
  }

  private leavesOut(): boolean {
    const { samplingRate, sampling } = this.options;
    return samplingRate < 1 && sampling.double() > samplingRate;
  }

  private wordLine(
    client: number,
    transaction: number,
    word: string,
    script: number,
    epochUs: number,
    lagUs: number,
    tries: number,
  ): void {
    const { file } = this;
    file.reserve();
    file.used = writeInteger(client, file.buffer, file.used);
    this.number(transaction);
    file.buffer[file.used] = SPACE;
    file.used += 1 + file.buffer.write(word, file.used + 1, 'latin1');
    this.rest(script, epochUs, lagUs, tries);
  }

  private rest(script: number, epochUs: number, lagUs: number, tries: number): void {
    const { file, options } = this;
    const seconds = Math.floor(epochUs / 1_000_000);
    this.number(script);
    this.number(seconds);
    this.number(Math.floor(epochUs - seconds * 1_000_000));
    if (options.throttled) {
      // As pgbench has it for what never began.
      this.number(Math.max(0, Math.round(lagUs)));
    }
    if (options.retries) {
      this.number(tries - 1);
    }
    file.buffer[file.used] = NEWLINE;
    file.used += 1;
  }

  private number(value: number): void {
    const { file } = this;
    file.buffer[file.used] = SPACE;
    file.used = writeInteger(value, file.buffer, file.used + 1);
  }

  /** Writes the spans that are over by then. What ends earlier than something before it counts in the span that is open. */
  private rollTo(epochUs: number, aggregate: LogAggregate): void {
    if (this.spanStartUs < 0) {
      this.begin(epochUs);
    }
    while (this.spanStartUs + this.spanUs <= epochUs) {
      this.writeSpan(aggregate);
      aggregate.reset();
      this.spanStartUs += this.spanUs;
    }
  }

  private writeSpan(aggregate: LogAggregate): void {
    const { file } = this;
    file.reserve();
    const line = aggregate.line(Math.floor(this.spanStartUs / 1_000_000));
    file.used += file.buffer.write(line, file.used, 'latin1');
  }
}

const SPACE = 32;
const NEWLINE = 10;
