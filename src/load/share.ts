import type { Pacer } from './pacer.js';

/** Who waits for the start of a transaction. */
export interface Starter {
  /** µs since the start of the load. */
  readonly intendedUs: number;
  startDue(nowUs: number): void;
}

export interface ShareOptions {
  /** Index of the script of the next transaction, by weight. */
  readonly chooseScript: () => number;
  /** Undefined for a closed pace. */
  readonly pacer: Pacer | undefined;
  /** Which of a client's lanes each script goes over. */
  readonly laneOf: readonly number[];
  readonly nowUs: () => number;
}

/**
 * What the clients of one worker that serve the same port share: the choice of scripts and, for an open pace, the
 * instants of transactions, which they take one after the other.
 */
export class Share {
  readonly chooseScript: () => number;
  readonly pacer: Pacer | undefined;
  readonly laneOf: readonly number[];
  private readonly nowUs: () => number;
  /** In order of their starts, from `first` on: the pacer's instants never go back. */
  private waiting: Starter[] = [];
  private first = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: ShareOptions) {
    this.chooseScript = options.chooseScript;
    this.pacer = options.pacer;
    this.laneOf = options.laneOf;
    this.nowUs = options.nowUs;
  }

  /** starter.startDue() follows at its intended start, up to some 1 ms late: timers have no finer grain. */
  waitForStart(starter: Starter): void {
    this.waiting.push(starter);
    if (this.timer === undefined) {
      this.arm(this.nowUs());
    }
  }

  /** Nobody is called any more. */
  close(): void {
    clearTimeout(this.timer);
    this.waiting = [];
    this.first = 0;
  }

  private arm(nowUs: number): void {
    const next = this.waiting[this.first];
    if (next === undefined) {
      this.timer = undefined;
      return;
    }
    this.timer = setTimeout(this.fire, Math.max(1, Math.floor((next.intendedUs - nowUs) / 1000)));
  }

  private readonly fire = (): void => {
    const nowUs = this.nowUs();
    for (;;) {
      const next = this.waiting[this.first];
      if (next === undefined || next.intendedUs > nowUs) {
        break;
      }
      this.first++;
      next.startDue(nowUs);
    }
    if (this.first > 1024 || this.first === this.waiting.length) {
      this.waiting = this.waiting.slice(this.first);
      this.first = 0;
    }
    this.arm(nowUs);
  };
}
