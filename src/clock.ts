import { performance } from 'node:perf_hooks';

/**
 * The run's clock: µs since the start of the run, monotonic, and the same in every thread of the process, because
 * all of them derive it from the kernel's monotonic clock and one origin.
 */
export class RunClock {
  private readonly originMs: number;

  /** @param originNs instant 0 as process.hrtime.bigint() gave it, in any thread */
  constructor(readonly originNs: bigint) {
    // performance.now() reads the same clock from a thread's own zero; it is the cheapest read there is and allocates nothing.
    const before = performance.now();
    const sinceOriginMs = Number(process.hrtime.bigint() - originNs) / 1e6;
    const after = performance.now();
    this.originMs = (before + after) / 2 - sinceOriginMs;
  }

  nowUs(): number {
    return (performance.now() - this.originMs) * 1000;
  }

  nowMs(): number {
    return performance.now() - this.originMs;
  }
}
