import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunProgress } from '../analysis/progress.js';
import type { Bucket } from '../analysis/recording.js';
import { planOf, sampleOf } from '../analysis/sample.fixture.js';
import type { Event } from '../result/result.js';
import { type ProgressSources, tellProgress } from './progress.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const { buckets } = sampleOf('switchover').recording;

/** A run of intervals of 100 ms that are there as soon as they are over. */
class Running {
  readonly told: RunProgress[] = [];
  readonly ended = new AbortController();
  readonly events: Event[] = [];
  readonly faultsMs: number[] = [];
  round = 0;
  /** No interval from here on is there. */
  silentFromMs = Infinity;
  private readonly startMs = Date.now();

  nowMs(): number {
    return Date.now() - this.startMs;
  }

  begin(part: Partial<ProgressSources> = {}): Promise<void> {
    const sources: ProgressSources = {
      plan: planOf({ durationMs: 60_000 }),
      clock: this,
      timeline: { since: (atMs) => this.since(atMs) },
      log: { since: (count) => this.events.slice(count), leaderNow: 'n1' },
      round: () => this.round,
      faultsMs: () => this.faultsMs,
      progressMs: 1000,
      onProgress: (progress) => this.told.push(progress),
      ...part,
    };
    return tellProgress(sources, this.ended.signal);
  }

  private since(atMs: number): readonly Bucket[] {
    const untilMs = Math.min(this.nowMs(), this.silentFromMs);
    return buckets.filter(({ startMs, widthMs }) => startMs >= atMs && startMs + widthMs <= untilMs);
  }
}

function saw(atMs: number): Event {
  const seen = { layer: 'patroni', kind: 'leader', subject: 'n1' } as const;
  return { ...seen, atMs, uncertaintyMs: 0, from: null, to: null, text: '' };
}

const spansOf = (told: readonly RunProgress[]) =>
  told.map(({ latest }) => [latest[0]?.startMs, latest.length]);

describe('the progress of a run', () => {
  it('tells each interval and each event once', async () => {
    const running = new Running();
    running.events.push(saw(0), saw(700));
    void running.begin();
    await vi.advanceTimersByTimeAsync(1000);
    running.events.push(saw(1500));
    running.faultsMs.push(1900);
    await vi.advanceTimersByTimeAsync(1000);
    running.faultsMs.push(2500);
    expect(spansOf(running.told)).toEqual([
      [0, 10],
      [1000, 10],
    ]);
    expect(running.told.map(({ events }) => events.map(({ atMs }) => atMs))).toEqual([[0, 700], [1500]]);
    expect(running.told.map(({ faultsMs }) => faultsMs)).toEqual([[], [1900]]);
    expect(running.told.map(({ elapsedMs, leader }) => [elapsedMs, leader])).toEqual([
      [1000, 'n1'],
      [2000, 'n1'],
    ]);
    running.ended.abort();
  });

  it('names the round from the first one on, of as many as there are to be', async () => {
    const running = new Running();
    void running.begin({ plan: planOf({ rounds: 3 }) });
    await vi.advanceTimersByTimeAsync(1000);
    running.round = 2;
    await vi.advanceTimersByTimeAsync(1000);
    expect(running.told.map(({ round }) => round)).toEqual([null, { now: 2, of: 3 }]);
    running.ended.abort();
  });

  it('tells after a stall all that has gone by at once, and nothing while nothing is there', async () => {
    const running = new Running();
    running.silentFromMs = 1000;
    void running.begin();
    await vi.advanceTimersByTimeAsync(4500);
    expect(spansOf(running.told)).toEqual([[0, 10]]);
    running.silentFromMs = Infinity;
    await vi.advanceTimersByTimeAsync(500);
    expect(spansOf(running.told).slice(1)).toEqual([[1000, 40]]);
    running.ended.abort();
  });

  it.each([
    [1400, 1],
    [1600, 2],
  ])('ended at %d ms, is told %d times: of its last span when half of it went by', async (endMs, times) => {
    const running = new Running();
    const over = running.begin();
    await vi.advanceTimersByTimeAsync(endMs);
    running.ended.abort();
    await over;
    expect(running.told).toHaveLength(times);
  });

  it('fails with what its listener throws', async () => {
    const running = new Running();
    const over = running.begin({
      onProgress: () => {
        throw new Error('the disk is full');
      },
    });
    const failed = expect(over).rejects.toThrow('the disk is full');
    await vi.advanceTimersByTimeAsync(1000);
    await failed;
  });
});
