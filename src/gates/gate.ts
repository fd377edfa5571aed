/** What others need of gates: reading an expression, judging it on a result. */
export { type Gate, needsBaseline } from './expression.js';
export { parseGatesFile, readGatesFile } from './gates-file.js';
export { checkBaseline, judgeGates } from './judge.js';
export { parseGate } from './parse.js';
