/** Results that lie somewhere, and reports of them. */
export { findResult, findResults } from '../result/find.js';
export type { NamedResult } from '../result/named.js';
export { readResult } from '../result/read.js';
