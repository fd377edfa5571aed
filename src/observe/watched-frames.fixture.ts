import type { Frame } from '../load/frame.js';

/** Frames that were emitted, and waits for those to come. */
export class WatchedFrames {
  readonly all: Frame[] = [];
  private readonly heard = new Set<() => void>();

  readonly emit = (frame: Frame): void => {
    this.all.push(frame);
    for (const wake of this.heard) {
      wake();
    }
  };

  /** Resolves with the first frame from now on that is wanted. */
  async next(wanted: (frame: Frame) => boolean): Promise<Frame> {
    let looked = this.all.length;
    for (;;) {
      for (; looked < this.all.length; looked++) {
        const frame = this.all[looked];
        if (frame !== undefined && wanted(frame)) {
          return frame;
        }
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.heard.delete(wake);
          resolve();
        };
        this.heard.add(wake);
      });
    }
  }
}
