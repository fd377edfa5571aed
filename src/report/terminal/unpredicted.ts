import type { RoundAnalysis } from '../../result/result.js';
import { entry, plain, type Style } from './text.js';

/** Why there is no prediction to compare the write downtime with. */
export function unpredictedLines({ unpredicted }: RoundAnalysis, style: Style): string[] {
  return unpredicted === null ? [] : entry('predicted', `not known: ${plain(unpredicted)}`, style);
}
