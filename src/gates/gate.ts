/** What others need of gates: reading an expression, judging it on a result. */
export { baselineWarnings, checkBaseline } from './baseline.js';
export { type Gate, needsBaseline } from './expression.js';
export { parseGatesFile, readGatesFile } from './gates-file.js';
export { type JudgeOptions, judgeGates } from './judge.js';
export { parseGate } from './parse.js';
