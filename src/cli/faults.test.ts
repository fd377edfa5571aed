import { describe, expect, it } from 'vitest';
import { FAULTS } from '../faults/registry.js';
import { expectedText, listOf } from './faults.js';

const SETTINGS = {
  'patroni.ttl': 30,
  'patroni.loop_wait': 10,
  'patroni.retry_timeout': 10,
  'patroni.primary_start_timeout': 300,
  'haproxy.inter': '3s',
  'haproxy.fastinter': '3s',
  'haproxy.fall': 3,
  'haproxy.rise': 2,
  'haproxy.timeout_check': '5s',
  'haproxy.timeout_connect': '4s',
};

describe('the list of faults', () => {
  it('tells all of each, and fits the columns', () => {
    const text = listOf(FAULTS, SETTINGS, 80);
    const flowing = text.replaceAll(/\s+/g, ' ');
    for (const { kind, summary, exercises, options } of FAULTS) {
      expect(text).toMatch(new RegExp(`^${kind}  on `, 'm'));
      for (const words of [summary, exercises, ...options.map((option) => option.summary)]) {
        expect(flowing).toContain(words);
      }
    }
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('has the downtime to expect only where there is a cluster to ask', () => {
    expect(expectedText('kill-node', SETTINGS)).toMatch(/^\S.* to .*patroni\.ttl/);
    expect(listOf(FAULTS, SETTINGS, 80)).toContain('  downtime   ');
    expect(expectedText('kill-node', null)).toBeNull();
    expect(listOf(FAULTS, null, 80)).not.toContain('  downtime   ');
  });
});
