import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import type { Endpoint } from '../plan/target.js';
import { expectOneCluster } from './same-cluster.js';
import type { TargetSettings } from './target-settings.js';

const endpoint = { user: 'me', database: 'x', sslMode: 'disable' } as const;
const target: { rw: Endpoint; ro: Endpoint } = {
  rw: { ...endpoint, host: 'b', port: 5000 },
  ro: { ...endpoint, host: 'b', port: 5001 },
};
const settings: TargetSettings = {
  kind: 'addresses',
  name: null,
  chosenBy: null,
  file: null,
  part: undefined,
  values: new Map([
    ['rw', { text: 'r', label: '--rw' }],
    ['patroni', { text: 'p', label: 'PGHA_BENCH_PATRONI' }],
  ]),
};

describe('the addresses of a target', () => {
  it('lead to one cluster, as far as each of them tells', () => {
    for (const found of [
      { rw: '1', ro: '1', patroni: '1' },
      { rw: null, ro: null, patroni: '1' },
      { rw: '1', ro: null, patroni: null },
      { rw: null, ro: null, patroni: null },
    ]) {
      expect(() => expectOneCluster(target, found, settings)).not.toThrow();
    }
  });

  it.each([
    [
      { rw: '2', ro: '2', patroni: '1' },
      '--rw (b:5000) and PGHA_BENCH_PATRONI lead to different clusters (system identifiers 2 and 1): faults would strike one',
    ],
    [{ rw: '1', ro: '2', patroni: '1' }, '--ro (b:5001) and --rw (b:5000) lead to different clusters'],
    [{ rw: null, ro: '2', patroni: '1' }, '--ro (b:5001) and PGHA_BENCH_PATRONI lead to different clusters'],
  ])('are refused with %j', (found, message) => {
    expect(() => expectOneCluster(target, found, settings)).toThrow(message);
    expect(() => expectOneCluster(target, found, settings)).toThrow(UserError);
    expect(() => expectOneCluster(target, found, { ...settings, part: '--host' })).toThrow(
      message.replace('--rw', '--host'),
    );
  });
});
