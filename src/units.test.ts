import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from './errors.js';
import {
  formatCount,
  formatDuration,
  formatMicros,
  formatMillis,
  formatRate,
  parseDuration,
  parseInteger,
  parseNumber,
} from './units.js';

describe('parseDuration', () => {
  it.each([
    ['40s', 40_000],
    ['500ms', 500],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['2h5ms', 7_200_005],
    ['0s', 0],
    ['5m', 300_000],
    ['0.5ms', 0.5],
  ])('reads %s as %d ms', (text, expected) => {
    expect(parseDuration(text, '--duration')).toBe(expected);
  });

  it.each(['', '40', 's', '40 s', '-1s', '30s1m', '1s1s', '1d', '40S', '1e3s', `${'9'.repeat(20)}h`])(
    'refuses %j and says what was expected',
    (text) => {
      expect(() => parseDuration(text, '--duration')).toThrow(UserError);
      expect(() => parseDuration(text, '--duration')).toThrow(
        /^--duration: expected a duration such as 40s, 500ms or 1m30s, found '/,
      );
    },
  );

  it('reads what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 * 3_600_000 }), (millis) => {
        const typed = formatDuration(millis).replaceAll(' ', '').replaceAll(',', '').replace('min', 'm');
        expect(parseDuration(typed, 'x')).toBeCloseTo(millis, 6);
      }),
    );
  });
});

describe('parseInteger', () => {
  it('reads whole numbers within the limits', () => {
    expect(parseInteger('64', '--clients', { min: 1 })).toBe(64);
    expect(parseInteger('-3', 'x')).toBe(-3);
  });

  it.each(['0', '-1', '1.5', '', '64x', '1e3', '99999999999999999999'])('refuses %j', (text) => {
    expect(() => parseInteger(text, '--clients', { min: 1 })).toThrow(
      `--clients: expected a whole number of at least 1, found '${text}'.`,
    );
  });

  it('names both limits', () => {
    expect(() => parseInteger('70000', '--port', { min: 1, max: 65_535 })).toThrow(
      "--port: expected a whole number from 1 to 65535, found '70000'.",
    );
  });
});

describe('parseNumber', () => {
  it.each([
    ['0.5', 0.5],
    ['1e3', 1000],
    ['.25', 0.25],
    ['-2', -2],
  ])('reads %s', (text, expected) => {
    expect(parseNumber(text, 'x')).toBe(expected);
  });

  it.each(['', 'abc', '1,5', 'Infinity', '0x10', '1e999'])('refuses %j', (text) => {
    expect(() => parseNumber(text, '--rate', { max: 9 })).toThrow(
      `--rate: expected a number of at most 9, found '${text}'.`,
    );
  });
});

describe('formatters', () => {
  it.each([
    [0, '0 µs'],
    [7, '7 µs'],
    [812, '812 µs'],
    [999.6, '1.00 ms'],
    [1200, '1.20 ms'],
    [12_345, '12.3 ms'],
    [123_456, '123 ms'],
    [999_600, '1.00 s'],
    [5_217_000, '5.22 s'],
    [59_960_000, '60.0 s'],
    [125_000_000, '125 s'],
    [1_205_300_000, '20 min 5 s'],
    [3_600_000_000, '1 h'],
  ])('writes %d µs as %s', (micros, expected) => {
    expect(formatMicros(micros)).toBe(expected);
    expect(formatMillis(micros / 1000)).toBe(expected);
  });

  it.each([
    [40_000, '40 s'],
    [500, '500 ms'],
    [90_000, '1 min 30 s'],
    [3_600_000, '1 h'],
    [1500, '1.5 s'],
    [0, '0 ms'],
  ])('writes a chosen duration of %d ms as %s', (millis, expected) => {
    expect(formatDuration(millis)).toBe(expected);
  });

  it.each([
    [0, '0'],
    [1.938, '1.94'],
    [98.66, '98.7'],
    [999.7, '1,000'],
    [12_345.6, '12,346'],
  ])('writes a rate of %d as %s', (rate, expected) => {
    expect(formatRate(rate)).toBe(expected);
  });

  it('groups counts alike everywhere', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
  });
});
