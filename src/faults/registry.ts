import type { Fault } from './fault.js';
import { switchover } from './switchover.js';

/** Every fault, by kind. */
export const FAULTS: readonly Fault[] = [switchover];
