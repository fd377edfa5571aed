import { describe, expect, it } from 'vitest';
import { disturbanceOf, groupsOf, turned } from './rounds.js';

const PREPARES = { prepares: true } as const;

describe('groups', () => {
  it('hold a fault and those that prepare it', () => {
    expect(groupsOf([{}, PREPARES, PREPARES, {}, {}])).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 4 },
      { from: 4, to: 5 },
    ]);
  });

  it('end with the last fault, also with one that prepares nothing any more', () => {
    expect(groupsOf([{}, PREPARES])).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ]);
    expect(groupsOf([])).toEqual([]);
  });
});

describe('an order', () => {
  const order = (kind: string, candidate?: string) => ({
    kind,
    atMs: 0,
    options: candidate === undefined ? {} : { candidate },
  });

  it.each(['switchover', 'failover'])('for a %s is turned to whom led before', (kind) => {
    expect(turned(order(kind), 'n1', 'n2')).toEqual(order(kind, 'n1'));
    expect(turned(order(kind, 'n2'), 'n1', 'n2')).toEqual(order(kind, 'n1'));
  });

  it('stays as it is where another one is wanted, or nobody or the same one led before', () => {
    expect(turned(order('switchover', 'n3'), 'n1', 'n2')).toEqual(order('switchover', 'n3'));
    expect(turned(order('switchover'), null, 'n2')).toEqual(order('switchover'));
    expect(turned(order('switchover'), 'n1', 'n1')).toEqual(order('switchover'));
    expect(turned(order('kill-node'), 'n1', 'n2')).toEqual(order('kill-node'));
  });
});

describe('a disturbance', () => {
  const faults = (...kinds: readonly string[]) => kinds.map((kind) => ({ kind }));

  it('is a change of the leader more than the faults explain', () => {
    expect(disturbanceOf(1, faults('switchover'))).toBeNull();
    expect(disturbanceOf(2, faults('switchover'))).toBe('the leader changed 2 times');
    expect(disturbanceOf(2, faults('freeze-node'))).toBeNull();
    expect(disturbanceOf(9, faults('exec'))).toBeNull();
  });
});
