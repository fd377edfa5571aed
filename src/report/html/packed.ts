import type { Packed } from './data.js';

/** Fewer of the same are shorter as they are. */
const FEWEST = 4;

/** Folds runs of the same value, of which a timeline has many: no errors, buckets of the same width. */
export function pack(values: readonly (number | null)[]): Packed {
  const packed: (number | null | readonly [number | null, number])[] = [];
  for (let i = 0; i < values.length; ) {
    const value = values[i] ?? null;
    let end = i + 1;
    while (end < values.length && (values[end] ?? null) === value) {
      end++;
    }
    if (end - i >= FEWEST) {
      packed.push([value, end - i]);
    } else {
      packed.push(...values.slice(i, end));
    }
    i = end;
  }
  return packed;
}

/** The column that was folded. */
export function unpack(packed: Packed): (number | null)[] {
  const values: (number | null)[] = [];
  for (const each of packed) {
    if (typeof each === 'number' || each === null) {
      values.push(each);
      continue;
    }
    const [value, count] = each;
    for (let i = 0; i < count; i++) {
      values.push(value);
    }
  }
  return values;
}

/** Instants as steps from one to the next, the first from `fromMs`: of a timeline they are mostly the same. */
export function packSteps(instantsMs: readonly number[], fromMs = 0): Packed {
  return pack(instantsMs.map((atMs, index) => rounded(atMs - (instantsMs[index - 1] ?? fromMs))));
}

/** The instants again. */
export function unpackSteps(packed: Packed, fromMs = 0): number[] {
  let atMs = fromMs;
  return unpack(packed).map((step) => {
    atMs = rounded(atMs + (step ?? 0));
    return atMs;
  });
}

/** To the µs, which is what instants are known to. */
function rounded(millis: number): number {
  return Math.round(millis * 1000) / 1000;
}
