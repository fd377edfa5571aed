/** How long a client waits after a failure: longer at each one in a row, and jittered, so that clients do not come in step. */
export class Backoff {
  /** Failures in a row: the exponent of the pause. */
  private failures = 0;

  constructor(
    private readonly firstUs: number,
    private readonly capUs: number,
    /** Uniform in [0, 1). */
    private readonly jitter: () => number,
  ) {}

  /** One more has failed. @returns the pause behind it, from half of its full length up to that, µs */
  pauseUs(): number {
    const fullUs = Math.min(this.capUs, this.firstUs * 2 ** this.failures);
    this.failures++;
    return fullUs * (0.5 + 0.5 * this.jitter());
  }

  /** Something went through. */
  reset(): void {
    this.failures = 0;
  }
}
