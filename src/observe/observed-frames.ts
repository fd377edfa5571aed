import { type Frame, NOTHING_RECORDED } from '../load/frame.js';

/** Worker number of frames that no worker recorded. */
const NO_WORKER = -1;

/** What somebody beside the load saw in an interval: the other parts of a frame are empty. */
export type ObservedPart = Partial<Pick<Frame, 'servers' | 'probes' | 'heartbeats' | 'stallUs'>>;

export interface ObservedFramesOptions {
  readonly intervalUs: number;
  readonly emit: (frame: Frame) => void;
  /** What was seen since the last call, which it forgets; undefined for nothing. */
  readonly take: () => ObservedPart | undefined;
}

/** Cuts what is seen beside the load into the intervals of the run, as the recorder of a worker does for its clients. */
export class ObservedFrames {
  private interval = 0;

  constructor(private readonly options: ObservedFramesOptions) {}

  /** Closes the interval if `nowUs` is behind its end; to be called before anything is recorded. */
  roll(nowUs: number): void {
    const { intervalUs } = this.options;
    if (nowUs >= (this.interval + 1) * intervalUs) {
      this.flush();
      this.interval = Math.floor(nowUs / intervalUs);
    }
  }

  flush(): void {
    const part = this.options.take();
    if (part !== undefined) {
      this.options.emit({
        worker: NO_WORKER,
        interval: this.interval,
        ...NOTHING_RECORDED,
        ...part,
      });
    }
  }
}
