import { expect, it } from 'vitest';
import { applicationName } from './application-name.js';

it('names run and client, and fits into what PostgreSQL keeps', () => {
  expect(applicationName('0123abcd', 7)).toBe('pgha-bench/0123abcd/7');
  const long = applicationName('0123abcd', `direct-${'ä'.repeat(60)}`);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(63);
  expect(long).toMatch(/^pgha-bench\/0123abcd\/direct-ä+$/);
});
