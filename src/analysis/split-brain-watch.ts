import type { Result } from '../result/result.js';

/**
 * Who would have seen two nodes that take writes at once, had there been such: writers on each node, or looks at what the
 * nodes say of themselves; null when nobody.
 */
export function splitBrainWatch(result: Result): 'direct_writes' | 'roles' | null {
  if (result.plan.directWrites && result.directWrites.some(({ acks }) => acks > 0)) {
    return 'direct_writes';
  }
  return lookedAtNodes(result) ? 'roles' : null;
}

/** Whether at least two nodes told PostgreSQL's observer what they are. */
function lookedAtNodes({ observed, events }: Result): boolean {
  if (!observed.observers.some(({ layer, watched }) => layer === 'postgres' && watched)) {
    return false;
  }
  const told = observed.series.filter(
    ({ name, values }) => name === 'wal_lsn' && values.some((value) => value !== null),
  );
  const changed = events.filter(({ layer }) => layer === 'postgres');
  const nodes = new Set([...told, ...changed].map(({ subject }) => subject));
  nodes.delete('');
  return nodes.size > 1;
}
