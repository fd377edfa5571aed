import { describe, expect, it } from 'vitest';
import { describeFault } from '../api/faults.js';
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

const WITH_SETTINGS = FAULTS.map((fault) => describeFault(fault, { settings: SETTINGS, patroni: null }));
const WITHOUT = FAULTS.map((fault) => describeFault(fault, null));

describe('the list of faults', () => {
  it('tells all of each, and fits the columns', () => {
    const text = listOf(WITH_SETTINGS, 80);
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
    const killed = WITH_SETTINGS.find(({ kind }) => kind === 'kill-node');
    expect(expectedText(killed ?? { downtime: null })).toMatch(/^\S.* to .*patroni\.ttl/);
    expect(listOf(WITH_SETTINGS, 80)).toContain('  downtime   ');
    expect(expectedText({ downtime: null })).toBeNull();
    expect(listOf(WITHOUT, 80)).not.toContain('  downtime   ');
  });
});
