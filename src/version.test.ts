import { expect, it } from 'vitest';
import { isAtLeast } from './version.js';

it.each([
  ['3.2.0', '3.2', true],
  ['3.10.1', '3.2', true],
  ['3.1.9', '3.2', false],
  ['4', '3.3.3', true],
  ['3.0.2', '3.0.3', false],
  ['4.0.0-rc1', '4.0', true],
  ['of its own', '4.0', true],
])('%s is at least %s: %s', (version, least, expected) => {
  expect(isAtLeast(version, least)).toBe(expected);
});
