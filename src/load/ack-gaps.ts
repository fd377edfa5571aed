import { NONE } from './instants.js';

/** The acknowledgements of one client, and how long it went without one. Instants are µs since the start of the load. */
export class AckGaps {
  count = 0;
  lastUs = NONE;
  /** The longest time between two of them since the last mark: begins, ends. */
  private readonly longestUs = new Float64Array([-1, -1]);
  /** Those before each mark, in the same form. */
  private readonly earlierUs: number[] = [];

  acknowledged(nowUs: number): void {
    const longest = this.longestUs;
    if (this.count > 0 && nowUs - this.lastUs > (longest[1] as number) - (longest[0] as number)) {
      longest[0] = this.lastUs;
      longest[1] = nowUs;
    }
    this.lastUs = nowUs;
    this.count++;
  }

  /** Something is about to happen: the longest gap up to here is kept apart from those behind it. */
  mark(): void {
    this.earlierUs.push(...this.longestUs);
    this.longestUs.fill(-1);
  }

  /** The longest gap from mark to mark: begins and ends in turn, -1 where there was none. */
  longest(): readonly number[] {
    return [...this.earlierUs, ...this.longestUs];
  }

  /** What was so far does not count. */
  forget(): void {
    this.count = 0;
    this.lastUs = NONE;
    this.longestUs.fill(-1);
    this.earlierUs.length = 0;
  }
}
