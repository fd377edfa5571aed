import { describe, expect, it } from 'vitest';
import { FAULTS } from '../faults/registry.js';
import { hasFormula, USUAL_CONTEXT } from './predict.js';
import { predictedReads } from './predict-reads.js';

function rangeOf(kind: string, replicas: number | null, context = {}): [number, number | null] | null {
  const predicted = predictedReads(kind, { ...USUAL_CONTEXT, ...context }, replicas);
  return predicted && [predicted.minMs, predicted.maxMs];
}

describe('the predicted read downtime', () => {
  it('is that of clients that connect again, where another replica goes on', () => {
    expect(rangeOf('switchover', 2)).toEqual([0, 500]);
    expect(rangeOf('kill-replica', 2)).toEqual([0, 500]);
    expect(rangeOf('stop-etcd-quorum', 2)).toEqual([0, 0]);
    expect(rangeOf('restart-haproxy', null)).toEqual([0, 1500]);
  });

  it('has no bound where the only replica is promoted or lost', () => {
    expect(rangeOf('kill-node', 1)).toEqual([0, null]);
    expect(rangeOf('reinitialize', 1)).toEqual([0, null]);
  });

  it('of a PostgreSQL that comes back depends on whose it was', () => {
    expect(rangeOf('kill-postgres', 1)).toEqual([0, 0]);
    expect(rangeOf('kill-postgres', 1, { subjectLed: false })).toEqual([0, null]);
  });

  it('is absent where it cannot be said', () => {
    expect(rangeOf('kill-node', null)).toBeNull();
    expect(rangeOf('kill-node', 2, { proxy: 'none' })).toBeNull();
    expect(rangeOf('exec', 2)).toBeNull();
  });

  it('is there for every fault that has a formula', () => {
    const kinds = FAULTS.map(({ kind }) => kind).filter(hasFormula);
    expect(kinds.filter((kind) => rangeOf(kind, 2) === null)).toEqual([]);
  });
});
