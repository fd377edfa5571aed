import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeriesRecorder } from './series.js';

const value = fc.option(fc.integer({ min: 0, max: 3 }));
const looks = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 40 }), value), { minLength: 1, maxLength: 400 })
  .map((steps) => {
    let atMs = 0;
    return steps.map(([afterMs, seen]) => {
      atMs += afterMs;
      return { atMs, value: seen };
    });
  });

describe('a series', () => {
  it('holds looks only, in order, and never more than its memory, whatever is added', () => {
    fc.assert(
      fc.property(looks, (added) => {
        const recorder = new SeriesRecorder('n2', 'replay_lag_bytes', 'bytes', 10, 16);
        for (const look of added) {
          recorder.add(look.atMs, look.value);
        }
        const { atMs, values } = recorder.series();
        expect(atMs.length).toBe(values.length);
        expect(atMs.length).toBeLessThanOrEqual(16);
        const known = new Set(added.map((look) => `${look.atMs} ${look.value}`));
        atMs.forEach((at, index) => {
          expect(known).toContain(`${at} ${values[index]}`);
          expect(at).toBeGreaterThan(atMs[index - 1] ?? -1);
        });
        expect(atMs[0]).toBe(added[0]?.atMs);
      }),
    );
  });

  it('keeps the first and the last look at a value that stays', () => {
    const recorder = new SeriesRecorder('rw/n1', 'sessions', 'count', 100);
    for (let at = 0; at <= 1000; at += 100) {
      recorder.add(at, at < 700 ? 8 : 9);
    }
    expect(recorder.series()).toMatchObject({ atMs: [0, 600, 700, 1000], values: [8, 8, 9, 9] });
  });

  it('keeps that a value vanished, however soon it came back', () => {
    const recorder = new SeriesRecorder('n2', 'wal_lsn', 'bytes', 100);
    recorder.add(0, 1);
    recorder.add(10, 2);
    recorder.add(20, null);
    recorder.add(30, 3);
    expect(recorder.series()).toMatchObject({ atMs: [0, 20, 30], values: [1, null, 3] });
  });

  it('has points half as often when it is full', () => {
    const recorder = new SeriesRecorder('n2', 'wal_lsn', 'bytes', 1, 4);
    for (let at = 0; at < 9; at++) {
      recorder.add(at, at);
    }
    expect(recorder.series().atMs).toEqual([0, 4, 8]);
  });
});
