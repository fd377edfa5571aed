import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../analysis/spread.js';
import { automaticLength, blockSeconds } from './block-length.js';
import { LEAST_SECONDS, type Ratio, ratioBetween, type Sampled, wholeOf } from './bootstrap.js';
import { throughputOf } from './sampled.js';
import { studentLimit } from './student.js';

/** @param parts how many steady parts of equal length it has */
function sampledOf(tps: readonly number[], parts = 1): Sampled {
  const seconds = tps.map((acks) => ({ acks, lengthMs: 1000 }));
  const length = tps.length / parts;
  return throughputOf(
    Array.from({ length: parts }, (_, part) => seconds.slice(part * length, (part + 1) * length)),
  );
}

function ratio(base: readonly number[], candidate: readonly number[], parts = 1): Ratio {
  return ratioBetween(sampledOf(base, parts), sampledOf(candidate, parts), 'higher');
}

type Normal = () => number;

function normalOf(random: () => number): Normal {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Throughput of 1000 a second, with noise of 10 % that forgets itself by the factor each second. */
function noisy(seconds: number, memory: number, normal: Normal): number[] {
  let state = normal();
  return Array.from({ length: seconds }, () => {
    state = memory * state + Math.sqrt(1 - memory ** 2) * normal();
    return 1000 + 100 * state;
  });
}

/** The same without memory, but each round has a level of its own, as far from the others as its seconds. */
function byRounds(rounds: number, seconds: number, normal: Normal): number[] {
  return Array.from({ length: rounds }, () => normal()).flatMap((level) =>
    Array.from({ length: seconds }, () => 1000 + 100 * (level + normal())),
  );
}

describe('ratioBetween', () => {
  const even = Array.from({ length: 60 }, (_, i) => 1000 + ((i * 37) % 50));

  it('is the candidate divided by the base, and the verdict follows what is better', () => {
    const more = even.map((tps) => 1.2 * tps);
    const up = ratio(even, more);
    expect(up.verdict).toBe('better');
    expect(up.difference.value).toBeCloseTo(1.2, 12);
    expect(up.difference.interval?.from).toBeGreaterThan(1.18);
    expect(up.difference.interval?.to).toBeLessThan(1.22);
    expect(ratio(more, even).verdict).toBe('worse');
    expect(ratioBetween(sampledOf(even), sampledOf(more), 'lower').verdict).toBe('worse');
  });

  it('shows no difference between what is the same', () => {
    const same = ratio(even, even);
    expect(same).toMatchObject({
      verdict: 'no_difference',
      needed: null,
      difference: { kind: 'ratio', value: 1 },
    });
    const constant = Array<number>(40).fill(500);
    expect(ratio(constant, constant).difference.interval).toEqual({ from: 1, to: 1 });
  });

  it('says how many seconds it needs', () => {
    const short = even.slice(0, LEAST_SECONDS - 1);
    expect(ratio(even, short)).toMatchObject({ verdict: 'too_few', needed: LEAST_SECONDS });
    expect(ratio(short, even)).toMatchObject({ verdict: 'too_few', difference: { interval: null } });
    expect(ratio(even, even.slice(0, LEAST_SECONDS)).verdict).toBe('no_difference');
  });

  it('gives the same for the same, whatever the unit', () => {
    const values = fc.array(fc.integer({ min: 50, max: 1000 }), { minLength: 30, maxLength: 60 });
    fc.assert(
      fc.property(values, values, (base, candidate) => {
        const first = ratio(base, candidate);
        expect(ratio(base, candidate)).toEqual(first);
        const scaled = ratio(
          base.map((tps) => tps * 8),
          candidate.map((tps) => tps * 8),
        );
        expect(scaled.difference.value).toBeCloseTo(first.difference.value, 9);
        expect(scaled.difference.interval?.to).toBeCloseTo(first.difference.interval?.to ?? 0, 9);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    // 5 %, three standard deviations of so many tries, and what seconds that hang together cost a bootstrap.
    ['that do not hang together', 1, (normal: Normal) => noisy(90, 0, normal), 0.1],
    ['that hang together', 1, (normal: Normal) => noisy(120, 0.5, normal), 0.11],
    ['that hang together for long', 1, (normal: Normal) => noisy(600, 0.8, normal), 0.13],
    ['of rounds that have levels of their own', 7, (normal: Normal) => byRounds(7, 12, normal), 0.1],
  ])('misses the truth in about one case of twenty: seconds %s', (_, parts, make, most) => {
    const normal = normalOf(randomOf(90));
    const TRIES = 200;
    let missed = 0;
    for (let i = 0; i < TRIES; i++) {
      missed += ratio(make(normal), make(normal), parts).verdict === 'no_difference' ? 0 : 1;
    }
    expect(missed / TRIES).toBeLessThan(most);
  });

  it('finds a difference that is there', () => {
    const normal = normalOf(randomOf(3));
    let found = 0;
    for (let i = 0; i < 100; i++) {
      const slower = noisy(120, 0.5, normal).map((tps) => tps * 0.85);
      found += ratio(noisy(120, 0.5, normal), slower).verdict === 'worse' ? 1 : 0;
    }
    expect(found).toBeGreaterThan(95);
  });

  it('would be fooled by seconds alone: blocks are what it takes', () => {
    const normal = normalOf(randomOf(5));
    const [base, candidate] = [noisy(600, 0.9, normal), noisy(600, 0.9, normal)];
    const shuffled = (values: readonly number[]) =>
      values.toSorted((a, b) => ((a * 7919) % 1) - ((b * 7919) % 1));
    const width = ({ difference: { interval } }: Ratio) =>
      Math.log((interval?.to ?? 0) / (interval?.from ?? 1));
    expect(width(ratio(base, candidate))).toBeGreaterThan(
      2 * width(ratio(shuffled(base), shuffled(candidate))),
    );
  });
});

describe('a block', () => {
  it.each([
    // The length with the least error for a series that forgets itself by m each second is known: with
    // g = 2m / (1 - m²) it is the cube root of 1.5 g² n.
    [0.5, 900, 13.4],
    [0.8, 900, 29.9],
    [0.8, 300, 20.7],
  ])('is as long as theory says for a memory of %f over %i seconds', (memory, n, length) => {
    const normal = normalOf(randomOf(11));
    const lengths = Array.from({ length: 60 }, () => automaticLength(noisy(n, memory, normal)));
    const middle = lengths.reduce((sum, each) => sum + each, 0) / lengths.length;
    expect(middle / length).toBeGreaterThan(0.7);
    expect(middle / length).toBeLessThan(1.3);
  });

  it('is short without memory, and of a load that never varies', () => {
    const normal = normalOf(randomOf(11));
    const lengths = Array.from({ length: 60 }, () => automaticLength(noisy(900, 0, normal)));
    expect(lengths.reduce((sum, each) => sum + each, 0) / 60).toBeLessThan(3);
    expect(automaticLength(Array<number>(50).fill(7))).toBe(1);
  });

  it('has 10 seconds, a steady part, or a quarter of all', () => {
    const normal = normalOf(randomOf(2));
    const white = noisy(200, 0, normal);
    expect(blockSeconds(white, 200)).toBe(10);
    expect(blockSeconds(white, 4)).toBe(10);
    expect(blockSeconds(white, 17.2)).toBe(18);
    expect(blockSeconds(white.slice(0, 35), 17.2)).toBe(8);
    expect(blockSeconds(noisy(600, 0.9, normal), 4)).toBeGreaterThan(20);
  });
});

describe('wholeOf', () => {
  it('weighs seconds by their length', () => {
    const seconds = [
      { acks: 100, lengthMs: 1000 },
      { acks: 400, lengthMs: 2000 },
    ];
    expect(wholeOf(throughputOf([seconds]))).toBeCloseTo(500 / 3, 12);
  });
});

describe('studentLimit', () => {
  it.each([
    // R: qt(0.975, ν)
    [1, 12.70620473617],
    [3, 3.18244630528],
    [3.7, 2.86752070719],
    [7, 2.36462425159],
    [20, 2.08596344727],
    [59.5, 2.00064361021],
    [1000, 1.96233908083],
  ])('is that of R for %f degrees of freedom', (freedom, limit) => {
    expect(studentLimit(freedom)).toBeCloseTo(limit, 9);
  });
});
