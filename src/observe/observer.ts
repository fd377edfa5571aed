import type { RunClock } from '../clock.js';
import type { Event } from '../result/result.js';

/** Watches one layer and emits what changes in it. It never disturbs the run: whatever fails in it stays in it. */
export interface Observer {
  /** `patroni`, `haproxy`: as its events name their layer. */
  readonly layer: Event['layer'];
  /** What was not seen, for the notes of the result; empty when all went well. */
  readonly gaps: readonly string[];
  start(): void;
  /** Resolves when nothing is in flight any more. */
  stop(): Promise<void>;
}

export interface ObserverContext {
  readonly clock: RunClock;
  readonly emit: (event: Event) => void;
}
