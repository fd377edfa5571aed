import { describe, expect, it } from 'vitest';
import { collections } from './conditions.js';

const THREAD = {
  name: 'worker 0',
  cpuMs: null,
  waitedForCpuMs: null,
  delayP50Us: null,
  delayP99Us: null,
  delayMaxUs: null,
  gcCount: 205,
  gcTotalMs: 96.4,
  gcMaxMs: 4.1,
};

describe('collections of garbage', () => {
  it('are those of the whole load, in results of versions that watched all the time', () => {
    expect(collections(THREAD, 600_000)).toBe('205 × in 96.4 ms');
  });

  it('are those of the whole load where it was watched to its end', () => {
    expect(collections({ ...THREAD, gcWatchedMs: 59_996 }, 60_000)).toBe('205 × in 96.4 ms');
  });

  it('say how long they were watched where others may have come', () => {
    expect(collections({ ...THREAD, gcWatchedMs: 62_300 }, 600_000)).toBe('205 × in 96.4 ms, watched 62.3 s');
  });
});
