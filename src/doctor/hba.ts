import { BlockList, isIP } from 'node:net';
import type { HbaRule } from './postgres-evidence.js';

/**
 * Whether pg_hba.conf lets a host replicate: the first line that is for replication from there decides.
 * @returns null where that cannot be told: a name where an address would be
 */
export function coversReplication(rules: readonly HbaRule[], host: string): boolean | null {
  if (isIP(host) === 0) {
    return null;
  }
  for (const rule of rules) {
    if (!rule.type.startsWith('host') || !rule.databases.includes('replication')) {
      continue;
    }
    const covers = coversHost(rule, host);
    if (covers === null) {
      return null;
    }
    if (covers) {
      return rule.method !== 'reject';
    }
  }
  return false;
}

function coversHost({ address, netmask }: HbaRule, host: string): boolean | null {
  if (address === 'all') {
    return true;
  }
  if (address === null || isIP(address) === 0 || netmask === null) {
    return null; // samenet, or a name.
  }
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(address, prefixOf(netmask), family);
  return block.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

/** Bits of a mask as PostgreSQL shows it, `255.255.0.0`, `ffff:ffff::`. */
function prefixOf(netmask: string): number {
  const bits = netmask.includes(':')
    ? netmask.split(':').map((part) => Number.parseInt(part || '0', 16))
    : netmask.split('.').map(Number);
  return bits.reduce((sum, part) => sum + part.toString(2).replaceAll('0', '').length, 0);
}
