import { HistogramLogReader, listTags } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { histogramLog, histogramLogs, type LatencyKind } from './hlog.js';
import { planOf, sampleOf, upFrom } from './sample.fixture.js';
import { simulate } from './simulation.fixture.js';
import { totalsOf } from './totals.js';

const STARTED = '2025-11-23T14:56:01.250Z';

interface Line {
  readonly tag: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly count: number;
  readonly max: number;
}

/** Every line, and the sum of those of each tag. */
function read(log: string) {
  const reader = new HistogramLogReader(log);
  const lines: Line[] = [];
  const sums = new Map<string, ReturnType<HistogramLogReader['nextIntervalHistogram']>>();
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    lines.push({
      tag: next.tag,
      startMs: next.startTimeStampMsec,
      endMs: next.endTimeStampMsec,
      count: next.totalCount,
      max: next.maxValue,
    });
    const sum = sums.get(next.tag);
    if (sum) {
      sum.add(next);
    } else {
      sums.set(next.tag, next);
    }
  }
  return { lines, sums };
}

describe('histogramLog', () => {
  const { recording, result } = sampleOf('writes and reads');

  it.each<LatencyKind>(['service', 'response'])('of %s times adds up to the totals', (kind) => {
    const { sums } = read(histogramLog(recording, kind, STARTED));
    for (const script of result.totals.scripts) {
      const sum = sums.get(script.name);
      const expected = script[kind];
      expect(sum?.totalCount).toBe(expected?.count);
      for (const [percentile, value] of [
        [50, expected?.p50Us],
        [90, expected?.p90Us],
        [99, expected?.p99Us],
        [99.9, expected?.p999Us],
      ] as const) {
        expect(Math.min(sum?.getValueAtPercentile(percentile) ?? 0, expected?.maxUs ?? 0)).toBe(value);
      }
    }
  });

  it('has a line for each second and script, at its own time', () => {
    const { lines } = read(histogramLog(recording, 'service', STARTED));
    const started = Date.parse(STARTED);
    const writes = lines.filter((line) => line.tag === 'tpcb').map((line) => line.startMs - started);
    // Nothing was written in the seconds that lie wholly in the gap.
    const silent = [21, 22, 23, 24];
    const seconds = Array.from({ length: 40 }, (_, second) => second).filter((s) => !silent.includes(s));
    expect(writes.slice(0, seconds.length).map((ms) => Math.round(ms))).toEqual(seconds.map((s) => s * 1000));
    expect(
      lines.every((line) => Math.abs(line.endMs - line.startMs - 1000) < 1 || line.endMs > started + 40_000),
    ).toBe(true);
  });

  it('tells response from service time', () => {
    const max = (kind: LatencyKind) =>
      Math.max(...read(histogramLog(recording, kind, STARTED)).lines.map((line) => line.max));
    expect(max('response')).toBeGreaterThan(4_000_000);
    expect(max('service')).toBeLessThan(1_000_000);
  });

  it('of schedule lag adds up to the totals, and is written for an open pace only', () => {
    const open = sampleOf('fixed rate');
    const { lag } = histogramLogs(open.recording, STARTED);
    expect(lag?.split('\n')[0]).toBe('#[pgha-bench: schedule lag of transactions in microseconds]');
    const sum = read(lag ?? '').sums.get('tpcb');
    const expected = open.result.totals.lag;
    expect(sum?.totalCount).toBe(expected?.count);
    expect(sum?.getValueAtPercentile(99)).toBe(expected?.p99Us);
    expect(histogramLogs(recording, STARTED).lag).toBeNull();
  });

  it('begins with what a reader must know and writes the maximum in ms', () => {
    const log = histogramLog(recording, 'service', STARTED);
    const [about, version, start, legend, first] = log.split('\n');
    expect(about).toBe('#[pgha-bench: service time of acknowledged transactions in microseconds]');
    expect(version).toBe('#[Histogram log format version 1.3]');
    expect(start).toBe('#[StartTime: 1763909761.250 (seconds since epoch), 2025-11-23T14:56:01.250Z]');
    expect(legend).toBe('"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"');
    expect(first).toMatch(/^Tag=tpcb,0\.000,1\.000,\d+\.\d{3},HIST/);
    const [line] = read(log).lines;
    expect(Number(first?.split(',')[3])).toBeCloseTo((line?.max ?? 0) / 1000, 0);
  });

  it('makes tags of script names that a tag could not hold', () => {
    const script = { weight: 1, route: 'rw', writes: true } as const;
    const odd = simulate({
      plan: planOf({
        durationMs: 500,
        faults: [],
        scripts: [
          { name: 'my script, v2', ...script },
          { name: 'my_script_v2', ...script },
        ],
      }),
      ports: { rw: [upFrom(0)] },
      meanServiceMs: 5,
    });
    const log = histogramLog(odd, 'service', STARTED);
    expect(listTags(log)).toEqual(['my_script_v2', 'my_script_v2#1']);
    const { sums } = read(log);
    expect([...sums.values()].map((sum) => sum?.totalCount)).toEqual(
      totalsOf(odd).scripts.map((totals) => totals.service?.count),
    );
  });

  it('of a run without an acknowledgement is a header', () => {
    const { recording: nothing } = sampleOf('nothing acknowledged');
    const log = histogramLog(nothing, 'service', STARTED);
    expect(log.split('\n').filter((line) => line !== '')).toHaveLength(4);
    expect(read(log).lines).toEqual([]);
  });
});
