export { type CompareOptions, compare } from '../compare/compare.js';
export {
  type Comparison,
  type ComparisonRow,
  type Contrast,
  type Difference,
  type Figure,
  type Finding,
  type PlainComparison,
  type SettingDifference,
  withoutResults,
} from '../compare/comparison.js';
