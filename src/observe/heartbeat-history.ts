/** So many of the latest values are remembered; a power of 2. At 20 per second the last 13 minutes. */
const REMEMBERED = 2 ** 14;

const NOT_ACKNOWLEDGED = -1;

/**
 * Which values the heartbeat's writer wrote, and when: what the age of a value that was read is told by. Values rise;
 * not each of them is acknowledged.
 */
export class HeartbeatHistory {
  /** When each value was generated, µs; of those that were acknowledged. */
  private readonly generatedUs = new Float64Array(REMEMBERED).fill(NOT_ACKNOWLEDGED);
  private highest = 0;

  /** The highest value that was acknowledged; 0, which stood there before, when there is none. */
  get acknowledgedSeq(): number {
    return this.highest;
  }

  /** @param seq higher than all before */
  acknowledged(seq: number, generatedUs: number): void {
    for (let passed = Math.max(this.highest + 1, seq - REMEMBERED + 1); passed < seq; passed++) {
      this.generatedUs[passed % REMEMBERED] = NOT_ACKNOWLEDGED;
    }
    this.generatedUs[seq % REMEMBERED] = generatedUs;
    this.highest = seq;
  }

  /**
   * How old a value is: since when a newer one has been on its way that was acknowledged before the value was asked for.
   * Of one that is older than what is remembered, at least so much.
   * @param acknowledgedSeq the highest acknowledged when the read was sent
   * @param atUs when the reply came
   * @returns µs, 0 for the newest
   */
  ageUs(seq: number, acknowledgedSeq: number, atUs: number): number {
    for (let newer = Math.max(seq + 1, this.highest - REMEMBERED + 1, 1); newer <= acknowledgedSeq; newer++) {
      const generatedUs = this.generatedUs[newer % REMEMBERED] as number;
      if (generatedUs !== NOT_ACKNOWLEDGED) {
        return atUs - generatedUs;
      }
    }
    return 0;
  }
}
