/** What pgbench's aggregated log says of the transactions that ended in one span of time, and the line that says it. */
export class LogAggregate {
  private readonly latency = new Moments();
  private readonly lag = new Moments();
  private skips = 0;
  private retried = 0;
  private retries = 0;
  private serialization = 0;
  private deadlock = 0;
  private other = 0;

  constructor(private readonly columns: AggregateColumns) {}

  acknowledged(latencyUs: number, lagUs: number, tries: number): void {
    this.tried(tries);
    this.latency.add(latencyUs);
    this.lag.add(lagUs);
  }

  /** Only counted: pgbench has no latency and no lag of a transaction that failed. */
  failed(failure: LogFailure, tries: number): void {
    this.tried(tries);
    this[failure] += 1;
  }

  skipped(): void {
    this.skips += 1;
  }

  get isEmpty(): boolean {
    return (
      this.latency.count + this.skips + this.retried + this.serialization + this.deadlock + this.other === 0
    );
  }

  /**
   * The line for a span that began at this second. All columns are always there; one that was not asked for is 0. That
   * is pgbench 15's line and one column more, `other`, which pgbench has from 19 on.
   */
  line(startSeconds: number): string {
    const { throttled, latencyLimit, retries, failuresDetailed } = this.columns;
    const lag = throttled ? this.lag.text() : NO_MOMENTS;
    const tries = retries ? `${this.retried} ${this.retries}` : '0 0';
    const failures = failuresDetailed ? `${this.serialization} ${this.deadlock} ${this.other}` : '0 0 0';
    const skips = latencyLimit ? this.skips : 0;
    return `${startSeconds} ${this.latency.count} ${this.latency.text()} ${lag} ${skips} ${tries} ${failures}\n`;
  }

  reset(): void {
    this.latency.reset();
    this.lag.reset();
    this.skips = 0;
    this.retried = 0;
    this.retries = 0;
    this.serialization = 0;
    this.deadlock = 0;
    this.other = 0;
  }

  private tried(tries: number): void {
    if (tries > 1) {
      this.retried += 1;
      this.retries += tries - 1;
    }
  }
}

export type LogFailure = 'serialization' | 'deadlock' | 'other';

export interface AggregateColumns {
  readonly throttled: boolean;
  readonly latencyLimit: boolean;
  readonly retries: boolean;
  readonly failuresDetailed: boolean;
}

const NO_MOMENTS = '0 0 0 0';

class Moments {
  count = 0;
  private sum = 0;
  private sumOfSquares = 0;
  private min = 0;
  private max = 0;

  add(value: number): void {
    this.min = this.count === 0 ? value : Math.min(this.min, value);
    this.max = this.count === 0 ? value : Math.max(this.max, value);
    this.count += 1;
    this.sum += value;
    this.sumOfSquares += value * value;
  }

  text(): string {
    // Beyond 2^53 a number would be written with an exponent one day; pgbench writes every digit of its double.
    return `${BigInt(this.sum)} ${BigInt(this.sumOfSquares)} ${this.min} ${this.max}`;
  }

  reset(): void {
    this.count = 0;
    this.sum = 0;
    this.sumOfSquares = 0;
    this.min = 0;
    this.max = 0;
  }
}
