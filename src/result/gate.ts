/** What became of one condition on a result. */
export interface GateOutcome {
  /** As it was written, `write_downtime.p95 < 10s`. */
  readonly expression: string;
  readonly passed: boolean;
  /** Left side, in `unit`; null when it was not measured, and then the gate has failed. */
  readonly measured: number | null;
  /** Right side, in `unit`; null where it could not be told: a baseline without the figure, a test of ranks. */
  readonly limit: number | null;
  readonly unit: GateUnit;
  /** One sentence: what was found, or why it could not be judged. */
  readonly text: string;
  /** Why it was asked for, in the words of whoever did; absent without. */
  readonly why?: string;
}

export type GateUnit = 'ms' | 'us' | 'tps' | 'count' | 'percent' | 'bytes';
