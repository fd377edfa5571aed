import { expect, it } from 'vitest';
import { withDirect } from './direct.js';
import type { ClusterMember } from './patroni.js';

function member(name: string, host: string | null): ClusterMember {
  const apiUrl = `http://${host}:8008`;
  return { name, role: 'replica', state: 'running', apiUrl, host, port: 5432, timeline: 1, lag: 0, tags: {} };
}

it('replaces the addresses of PostgreSQL that were given, and nothing else', () => {
  const members = [member('n1', '10.0.0.1'), member('n2', '10.0.0.2'), member('constructor', null)];
  const direct = { n1: { host: '127.0.0.1', port: 6001 } };
  expect(withDirect(members, { direct })).toEqual([
    { ...members[0], host: '127.0.0.1', port: 6001 },
    members[1],
    members[2],
  ]);
  expect(withDirect(members, {})).toEqual(members);
});
