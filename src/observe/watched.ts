import type { Event } from '../result/result.js';
import type { ObserverContext } from './observer.js';

/** One value of a layer that is looked at now and then; says when it has changed, and how exactly that is known. */
export class Watched {
  private value: string | null = null;
  private lookedMs: number | null = null;

  constructor(
    private readonly context: ObserverContext,
    private readonly layer: Event['layer'],
    /** Kind of the event for a new value. */
    private readonly kindOf: (to: string) => string,
    private readonly subject: string,
    /** For people, `n2 leads`. */
    private readonly textOf: (to: string, from: string | null) => string,
  ) {}

  /** @param askedMs when the question was sent: the answer was true at some time from then to now */
  saw(value: string, askedMs: number): void {
    const atMs = this.context.clock.nowMs();
    if (value !== this.value) {
      this.context.emit({
        atMs,
        uncertaintyMs: this.lookedMs === null ? 0 : atMs - this.lookedMs,
        layer: this.layer,
        kind: this.kindOf(value),
        subject: this.subject,
        from: this.value,
        to: value,
        text: this.textOf(value, this.value),
      });
      this.value = value;
    }
    this.lookedMs = askedMs;
  }
}
