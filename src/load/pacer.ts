import type { Stage } from '../plan/plan.js';
import type { RandomStream } from '../workload/random/stream.js';

/** A part of the load with an intensity that changes evenly; µs since the start of the load, transactions per µs. */
interface Span {
  readonly fromUs: number;
  readonly toUs: number;
  readonly fromRate: number;
  readonly toRate: number;
}

/**
 * The instants at which transactions of an open pace should begin: a Poisson process whose intensity follows the stages.
 * For a fixed rate its draws and instants are those of pgbench's throttle. Whoever is ready takes the next instant,
 * however long ago it was: what is late is begun late, never left out.
 */
export class Pacer {
  private readonly spans: readonly Span[];
  private span = 0;
  private atUs = 0;

  /**
   * @param share of the transactions of the run that this pacer starts, 0 < share ≤ 1
   * @param warmupUs before the stages begin: the rate is that of their first instant
   */
  constructor(
    stages: readonly Stage[],
    share: number,
    warmupUs: number,
    private readonly random: RandomStream,
  ) {
    this.spans = spansOf(stages, share, warmupUs);
  }

  /** µs since the start of the load; Infinity when the stages are over. */
  nextUs(): number {
    let left = -Math.log(1 - this.random.double());
    for (; this.span < this.spans.length; this.span++) {
      const span = this.spans[this.span] as Span;
      const rate = rateAt(span, this.atUs);
      const slope = (span.toRate - span.fromRate) / (span.toUs - span.fromUs);
      const inSpan = span.toUs === Infinity ? Infinity : ((rate + span.toRate) / 2) * (span.toUs - this.atUs);
      if (left < inSpan) {
        // The root of rate·t + slope·t²/2 = left in the form that is exact for a slope of 0, too.
        const waitUs = (2 * left) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * left)));
        this.atUs += Math.trunc(waitUs + 0.5);
        return this.atUs;
      }
      left -= inSpan;
      this.atUs = span.toUs;
    }
    return Infinity;
  }
}

function spansOf(stages: readonly Stage[], share: number, warmupUs: number): Span[] {
  const spans: Span[] = [];
  let fromUs = 0;
  const add = (durationUs: number, fromTps: number, toTps: number) => {
    const toUs = fromUs + durationUs;
    spans.push({ fromUs, toUs, fromRate: (fromTps * share) / 1e6, toRate: (toTps * share) / 1e6 });
    fromUs = toUs;
  };
  const [first] = stages;
  if (warmupUs > 0 && first !== undefined) {
    add(warmupUs, first.fromTps, first.fromTps);
  }
  for (const { durationMs, fromTps, toTps } of stages) {
    add(durationMs === null ? Infinity : durationMs * 1000, fromTps, toTps);
  }
  return spans;
}

function rateAt({ fromUs, toUs, fromRate, toRate }: Span, atUs: number): number {
  return toUs === Infinity ? fromRate : fromRate + ((toRate - fromRate) * (atUs - fromUs)) / (toUs - fromUs);
}
