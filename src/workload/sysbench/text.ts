import type { RandomStream } from '../random/stream.js';
import { TEXT, type Value } from '../value.js';

/** sysbench's c and pad: groups of eleven random digits, joined by dashes. */
export const C_GROUPS = 10;
export const PAD_GROUPS = 5;

export function textLength(groups: number): number {
  return groups * (GROUP + 1) - 1;
}

/**
 * Writes a text of so many groups.
 * @returns the offset behind it
 */
export function writeText(target: Uint8Array, offset: number, groups: number, random: RandomStream): number {
  let at = offset;
  for (let group = 0; group < groups; group++) {
    if (group > 0) {
      target[at++] = DASH;
    }
    const digits = random.range(0, GROUP_MAX);
    const upper = Math.floor(digits / LOWER);
    writeDigits(upper, target, at, UPPER_DIGITS);
    writeDigits(digits - upper * LOWER, target, at + UPPER_DIGITS, LOWER_DIGITS);
    at += GROUP;
  }
  return at;
}

/** Draws such a text into a cell, in place: nothing is allocated but for the first time. */
export function drawText(cell: Value, groups: number, random: RandomStream): void {
  const length = textLength(groups);
  if (cell.kind !== TEXT || cell.textLength !== length) {
    cell.setBytes(new Uint8Array(length), 0, length);
  }
  writeText(cell.text, 0, groups, random);
}

const DASH = 0x2d;
const ZERO = 0x30;
const GROUP = 11;
const GROUP_MAX = 99_999_999_999;
/** Eleven digits are more than 32 bits: they are written in two parts. */
const UPPER_DIGITS = 5;
const LOWER_DIGITS = 6;
const LOWER = 1_000_000;

function writeDigits(value: number, target: Uint8Array, offset: number, count: number): void {
  let rest = value | 0;
  for (let at = offset + count - 1; at >= offset; at--) {
    const tenth = (rest / 10) | 0;
    target[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}
