import type { Event } from '../result/result.js';
import type { ObserverContext } from './observer.js';

/** One value of a layer that is looked at now and then; says when it has changed, and how exactly that is known. */
export class Watched {
  private value: string | null = null;
  private lookedMs: number | null = null;

  constructor(
    private readonly context: ObserverContext,
    private readonly layer: Event['layer'],
    /** Kind of the event for a new value; `from` is null at the first look. */
    private readonly kindOf: (to: string, from: string | null) => string,
    private readonly subject: string,
    /** For people, `n2 leads`. */
    private readonly textOf: (to: string, from: string | null) => string,
    /** Whether a value is worth an event when it is the first. */
    private readonly tellsFirst: (value: string) => boolean = () => true,
  ) {}

  /** @param askedMs when the question was sent: the answer was true at some time from then to now */
  saw(value: string, askedMs: number): void {
    const atMs = this.context.clock.nowMs();
    if (value !== this.value) {
      const from = this.value;
      this.value = value;
      if (from !== null || this.tellsFirst(value)) {
        this.context.emit({
          atMs,
          uncertaintyMs: this.lookedMs === null ? 0 : atMs - this.lookedMs,
          layer: this.layer,
          kind: this.kindOf(value, from),
          subject: this.subject,
          from,
          to: value,
          text: this.textOf(value, from),
        });
      }
    }
    this.lookedMs = askedMs;
  }
}
