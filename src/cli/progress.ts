import type { RunProgress } from '../api/progress.js';

/** Shows how a run stands while it goes on. */
export interface ProgressView {
  show(progress: RunProgress): void;
  /** Takes away what is redrawn: something else is going to be written. */
  end(): void;
}
