import type { RunProgress } from '../run/conductor.js';

/** The progress of a run, a line a second. */
export class ProgressLines {
  constructor(private readonly out: NodeJS.WriteStream) {}

  show(progress: RunProgress): void {
    let acks = 0;
    for (const bucket of progress.latest) {
      for (const script of bucket.scripts) {
        acks += script.outcomes[0] ?? 0;
      }
    }
    this.out.write(
      `${(progress.elapsedMs / 1000).toFixed(0)} s, ${acks} tps, leader ${progress.leader ?? '?'}\n`,
    );
  }

  end(): void {
    // Nothing is left open.
  }
}
