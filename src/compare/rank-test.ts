import { errorFunction, wilcoxonRankSum } from 'simple-statistics';

/**
 * Mann–Whitney/Wilcoxon rank test. Up to {@link EXACT_UP_TO} values in all the null distribution is that of every way to
 * deal out the ranks at hand, ties and all: exact. Beyond, the normal approximation, corrected for ties and continuity.
 * @param a, b at least one value each
 * @returns two-sided probability that chance alone lets the ranks of the two fall apart as much
 */
export function rankTest(a: readonly number[], b: readonly number[]): number {
  const ties = tiesOf([...a, ...b]);
  const rankSum = wilcoxonRankSum([...a], [...b]);
  return a.length + b.length <= EXACT_UP_TO
    ? exactP(rankSum, a.length, ties)
    : normalP(rankSum, a.length, b.length, ties);
}

/**
 * The largest k such that the k-th smallest of the n × m differences, and the k-th largest, bound the shift with 95 %
 * confidence, whatever the distribution; 0 where so few values give no such bounds: then no outcome of the rank test is
 * beyond chance either.
 */
export function boundingRank(n: number, m: number): number {
  const pairs = n * m;
  if (n + m > EXACT_UP_TO) {
    return Math.max(0, Math.floor(pairs / 2 - Z_95 * Math.sqrt((pairs * (n + m + 1)) / 12)));
  }
  const { counts, total } = dealings(Array<number>(n + m).fill(1), n);
  const leastSum = n * (n + 1);
  let below = 0;
  let rank = 0;
  // U, the number of pairs the wrong way round, is at most rank - 1 with a probability of less than 2.5 %.
  while (rank < pairs) {
    below += counts[leastSum + 2 * rank] ?? 0;
    if (below / total >= LEVEL / 2) {
      return rank;
    }
    rank++;
  }
  return rank;
}

/** Two-sided. */
export const LEVEL = 0.05;

/** Of the normal distribution: 97.5 % lie below. */
export const Z_95 = 1.959963984540054;

/** Both samples together: a tenth of a second of counting. */
const EXACT_UP_TO = 100;

/** How many values share each rank, in the order of the ranks. */
function tiesOf(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b).map(([, count]) => count);
}

function exactP(rankSum: number, n: number, ties: readonly number[]): number {
  const { counts, total } = dealings(ties, n);
  const doubled = Math.round(2 * rankSum);
  let lower = 0;
  let upper = 0;
  for (const [sum, count] of counts.entries()) {
    lower += sum <= doubled ? count : 0;
    upper += sum >= doubled ? count : 0;
  }
  return Math.min(1, (2 * Math.min(lower, upper)) / total);
}

/** In how many ways n of the values have each sum of ranks. Ranks are doubled, so that the mean rank of a tie is whole. */
function dealings(
  ties: readonly number[],
  n: number,
): { readonly counts: Float64Array; readonly total: number } {
  const ranks = doubledRanks(ties);
  const most = ranks.slice(-n).reduce((sum, rank) => sum + rank, 0);
  const bySize = Array.from({ length: n + 1 }, () => new Float64Array(most + 1));
  (bySize[0] as Float64Array)[0] = 1;
  for (const [index, rank] of ranks.entries()) {
    // From large to small: each value is dealt out once.
    for (let size = Math.min(n, index + 1); size > 0; size--) {
      const without = bySize[size - 1] as Float64Array;
      const having = bySize[size] as Float64Array;
      for (let sum = rank; sum <= most; sum++) {
        having[sum] = (having[sum] as number) + (without[sum - rank] as number);
      }
    }
  }
  const counts = bySize[n] as Float64Array;
  return { counts, total: counts.reduce((sum, count) => sum + count, 0) };
}

function doubledRanks(ties: readonly number[]): number[] {
  const ranks: number[] = [];
  for (const tied of ties) {
    const mean = 2 * ranks.length + tied + 1;
    ranks.push(...Array<number>(tied).fill(mean));
  }
  return ranks;
}

function normalP(rankSum: number, n: number, m: number, ties: readonly number[]): number {
  const all = n + m;
  const tied = ties.reduce((sum, count) => sum + count ** 3 - count, 0);
  const variance = ((n * m) / 12) * (all + 1 - tied / (all * (all - 1)));
  const distance = Math.abs(rankSum - (n * (all + 1)) / 2) - 0.5;
  if (variance <= 0 || distance <= 0) {
    return 1;
  }
  return 1 - errorFunction(distance / Math.sqrt(2 * variance));
}
