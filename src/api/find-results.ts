export { findResult, findResults } from '../result/find.js';
export type { NamedResult } from '../result/named.js';
