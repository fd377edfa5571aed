import { describe, expect, it } from 'vitest';
import { percentOf, rarityOf } from './rarity.js';
import { stacked } from './series.js';
import { tickLabel, tickStep, ticksIn } from './ticks.js';

describe('ticks', () => {
  it('lie at round instants of the window', () => {
    expect(tickStep(1700)).toBe(2000);
    expect(ticksIn(14_300, 20_100, 2000)).toEqual([16_000, 18_000, 20_000]);
    expect(ticksIn(-2500, 2500, 1000)).toEqual([-2000, -1000, 0, 1000, 2000]);
    expect(tickStep(100_000_000)).toBe(172_800_000);
  });

  it.each([
    [0, 1000, '0 s'],
    [20_000, 2000, '20 s'],
    [20_500, 500, '20.5 s'],
    [20_050, 50, '20.05 s'],
    [-5000, 1000, '−5 s'],
    [150_000, 30_000, '2:30'],
    [3_723_000, 1000, '1:02:03'],
    [150_500, 500, '2:30.5'],
  ])('tells %d ms at a step of %d as %s', (atMs, stepMs, label) => {
    expect(tickLabel(atMs, stepMs)).toBe(label);
  });
});

describe('rarity', () => {
  it('is one in so many, and the slowest of all one in all', () => {
    expect(rarityOf(90, 1e6)).toBeCloseTo(10);
    expect(rarityOf(99.9, 1e6)).toBeCloseTo(1000);
    expect(rarityOf(100, 5000)).toBe(5000);
    expect(rarityOf(99.999, 5000)).toBe(5000);
  });

  it.each([
    [10, '90 %'],
    [100, '99 %'],
    [1000, '99.9 %'],
    [100_000, '99.999 %'],
  ])('of one in %d is %s', (rarity, percent) => {
    expect(percentOf(rarity)).toBe(percent);
  });
});

describe('stacked', () => {
  it('adds each to those before it, and leaves out what is nothing', () => {
    const column = (name: string, values: readonly number[]) => ({ name, label: name, values });
    expect(stacked([column('a', [1, 0, 2]), column('b', [3, 4, 0])])).toEqual([
      [1, null, 2],
      [4, 4, null],
    ]);
  });
});
