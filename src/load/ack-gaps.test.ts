import { expect, it } from 'vitest';
import { AckGaps } from './ack-gaps.js';
import { clientTimes, rowOf } from './client-times.js';

function acknowledgedAt(...instantsUs: readonly number[]): AckGaps {
  const acks = new AckGaps(clientTimes(3), rowOf(1));
  for (const atUs of instantsUs) {
    acks.acknowledged(atUs);
  }
  return acks;
}

it('has no gap before there are two acknowledgements', () => {
  expect(acknowledgedAt().longest()).toEqual([-1, -1]);
  expect(acknowledgedAt(7.5).longest()).toEqual([-1, -1]);
});

it('keeps the longest gap, and of two that are equal the first', () => {
  expect(acknowledgedAt(0, 1.5, 9.5, 10, 18).longest()).toEqual([1.5, 9.5]);
});

it('counts, and knows the last one', () => {
  const { count, lastUs } = acknowledgedAt(1, 2.5);
  expect([count, lastUs]).toEqual([2, 2.5]);
});

it('keeps the gaps from mark to mark apart, and gives one that lies across a mark to what is behind it', () => {
  const acks = acknowledgedAt(0, 10, 12);
  acks.mark();
  acks.acknowledged(15);
  acks.acknowledged(16);
  acks.mark();
  expect(acks.longest()).toEqual([0, 10, 12, 15, -1, -1]);
});

it('forgets what does not count, also as the begin of a gap', () => {
  const acks = acknowledgedAt(0, 10);
  acks.mark();
  acks.acknowledged(15);
  acks.forget();
  expect([acks.count, acks.lastUs]).toEqual([0, Number.NEGATIVE_INFINITY]);
  acks.acknowledged(30);
  expect(acks.longest()).toEqual([-1, -1]);
  acks.acknowledged(31);
  expect([acks.count, acks.lastUs, acks.longest()]).toEqual([2, 31, [30, 31]]);
});
