import { describe, expect, it } from 'vitest';
import { parseFault } from '../plan/fault.js';
import { FAULTS } from './registry.js';

describe('FAULTS', () => {
  it('are sorted, so that each is there once', () => {
    const kinds = FAULTS.map(({ kind }) => kind);
    expect(kinds).toEqual([...new Set(kinds)].sort());
  });

  it.each(FAULTS.map((fault) => [fault.kind, fault] as const))('%s tells of itself', (_, fault) => {
    for (const text of [fault.summary, fault.exercises, ...fault.options.map(({ summary }) => summary)]) {
      expect(text).toMatch(/^[^\n]+[^\n.]$/);
    }
    expect(fault.options.filter(({ isFirst }) => isFirst === true).length).toBeLessThanOrEqual(1);
  });

  it.each([
    ['freeze-node:10s@20s', { for: '10s' }],
    ['stop-etcd-quorum:15s', { for: '15s' }],
    ['config:loop_wait=5,ttl=20@10s', { loop_wait: '5', ttl: '20' }],
    ['restart:replica', { role: 'replica' }],
    ["exec:'COMMAND'@20s", { command: 'COMMAND' }],
    ['kill-replica:member=n3', { member: 'n3' }],
    ['kill-replica:member=n3,for=20s', { member: 'n3', for: '20s' }],
    ['kill-etcd-leader:20s', { for: '20s' }],
    ['freeze-postgres:what=postmaster,for=5s', { what: 'postmaster', for: '5s' }],
  ])('%s is understood', (text, options) => {
    expect(parseFault(text, FAULTS, 60_000)?.options).toEqual(options);
  });
});
