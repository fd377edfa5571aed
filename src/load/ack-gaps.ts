import { type ClientTimes, GAP_BEGIN, GAP_END, LAST_ACK } from './client-times.js';
import { NONE } from './instants.js';

/** The acknowledgements of one client, and how long it went without one. Instants are µs since the start of the load. */
export class AckGaps {
  count = 0;
  /** The longest gap before each mark: its begin and its end. */
  private readonly earlierUs: number[] = [];

  /** @param times of all clients, @param row where those of this client begin */
  constructor(
    private readonly times: ClientTimes,
    private readonly row: number,
  ) {
    this.forget();
  }

  get lastUs(): number {
    return this.times[this.row + LAST_ACK] as number;
  }

  acknowledged(nowUs: number): void {
    const { times, row } = this;
    const lastUs = times[row + LAST_ACK] as number;
    const longestUs = (times[row + GAP_END] as number) - (times[row + GAP_BEGIN] as number);
    if (this.count > 0 && nowUs - lastUs > longestUs) {
      times[row + GAP_BEGIN] = lastUs;
      times[row + GAP_END] = nowUs;
    }
    times[row + LAST_ACK] = nowUs;
    this.count++;
  }

  /** Something is about to happen: the longest gap up to here is kept apart from those behind it. */
  mark(): void {
    this.earlierUs.push(...this.sinceMark());
    this.forgetLongest();
  }

  /** The longest gap from mark to mark: begins and ends in turn, -1 where there was none. */
  longest(): readonly number[] {
    return [...this.earlierUs, ...this.sinceMark()];
  }

  /** What was so far does not count. */
  forget(): void {
    this.count = 0;
    this.times[this.row + LAST_ACK] = NONE;
    this.forgetLongest();
    this.earlierUs.length = 0;
  }

  private sinceMark(): readonly number[] {
    return [...this.times.subarray(this.row + GAP_BEGIN, this.row + GAP_END + 1)];
  }

  private forgetLongest(): void {
    this.times.fill(-1, this.row + GAP_BEGIN, this.row + GAP_END + 1);
  }
}
