import type { RunClock } from '../clock.js';
import type { ClockOffset, ObserverFacts, Series } from '../result/observed.js';
import type { Event } from '../result/result.js';

/** Watches one layer and emits what changes in it. It never disturbs the run: whatever fails in it stays in it. */
export interface Observer {
  /** `patroni`, `haproxy`: as its events name their layer. */
  readonly layer: Event['layer'];
  /** What was not seen, for the notes of the result; empty when all went well. Complete after stop(). */
  readonly gaps: readonly string[];
  start(): void;
  /** Looks often for so long, since something is about to happen or has just happened; seldom otherwise. */
  alert(forMs: number): void;
  /** Resolves when nothing is in flight any more; after a second at the latest when something hangs. */
  stop(): Promise<void>;
  /** What it measured over the run, in bounded memory. */
  series(): readonly Series[];
  /** Clocks of the hosts that it asked for the time. */
  clocks(): readonly ClockOffset[];
  /** Whether it saw anything at all, and if not, why and what that would have been. */
  facts(): ObserverFacts;
}

export interface ObserverContext {
  readonly clock: RunClock;
  readonly emit: (event: Event) => void;
}
