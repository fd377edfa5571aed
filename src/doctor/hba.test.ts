import { describe, expect, it } from 'vitest';
import { parseHba } from './files/pg-hba.js';
import { coversReplication, hbaAnswer, type ShownRule } from './hba.js';

const lines = (...texts: string[]) =>
  parseHba(texts.map((value, index) => ({ value, line: index + 1 }))).records;
const APP = { database: 'shop', user: 'app', address: '10.0.0.20' };

describe('hbaAnswer', () => {
  it.each<readonly [answer: string, ...lines: string[]]>([
    ['in', 'hostnossl all all 0.0.0.0/0 reject', 'hostssl all all 0.0.0.0/0 scram-sha-256'],
    ['in', 'hostssl all all all reject', 'host all all all md5'],
    ['in', 'hostgssenc all all all reject', 'host all all all md5'],
    ['out', 'hostnossl all all all reject', 'hostssl all all all reject', 'host all all all md5'],
    ['out', 'hostnogssenc all all all reject', 'hostgssenc all all all reject', 'host all all all md5'],
    ['out', 'host all all all reject', 'hostssl all all all scram-sha-256'],
    ['out', 'hostnossl all all all reject'],
    ['out', 'local all all trust'],
    ['unknown', 'hostnossl all all all reject', 'hostssl all all db.example md5'],
    // Nobody is known to be of the group.
    ['in', 'host all +banned all reject', 'host all all all md5'],
    ['in', 'host all +staff all md5'],
    ['in', 'host all other all reject', 'host all app all md5'],
    ['out', 'host all app all reject', 'host all all all md5'],
  ])('is %s by %s', (answer, ...texts) => {
    expect(hbaAnswer(lines(...texts), APP)).toBe(answer);
  });

  it('takes a mask of IPv6 for one', () => {
    const records = lines('host all all fd00:: ffff:: md5');
    expect(hbaAnswer(records, { ...APP, address: 'fd00::7' })).toBe('in');
    expect(hbaAnswer(records, { ...APP, address: 'fe00::7' })).toBe('out');
  });

  it('lets nobody in through the socket by a line of the network', () => {
    expect(hbaAnswer(lines('host all all all trust'), { ...APP, address: null })).toBe('out');
    expect(hbaAnswer(lines('local all all trust'), { ...APP, address: null })).toBe('in');
  });
});

describe('coversReplication', () => {
  const rule = (type: string, users: readonly string[], method: string): ShownRule => ({
    ...{ line: 1, type, databases: ['replication'], users, method, error: null },
    ...{ address: '0.0.0.0', netmask: '0.0.0.0' },
  });

  it('goes on behind a reject of those who do not encrypt', () => {
    const rules = [rule('hostnossl', ['all'], 'reject'), rule('hostssl', ['all'], 'scram-sha-256')];
    expect(coversReplication(rules, '10.1.2.3')).toBe(true);
    expect(coversReplication(rules.slice(0, 1), '10.1.2.3')).toBe(false);
  });

  it('goes by the user, where it is known', () => {
    const rules = [rule('host', ['backup'], 'reject'), rule('host', ['replicator'], 'scram-sha-256')];
    expect(coversReplication(rules, '10.1.2.3', 'replicator')).toBe(true);
    expect(coversReplication(rules, '10.1.2.3', 'backup')).toBe(false);
    expect(coversReplication(rules, '10.1.2.3', 'app')).toBe(false);
    // Somebody gets in.
    expect(coversReplication(rules, '10.1.2.3')).toBe(true);
  });
});
