import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Bucket } from '../analysis/recording.js';
import { sampleOf } from '../analysis/sample.fixture.js';
import { formatProgress, type Progress } from './progress.js';

const { recording } = sampleOf('switchover');
const options = { columns: 80, color: false, unicode: true };

function second(fromMs: number): Bucket[] {
  return recording.buckets.filter(({ startMs }) => startMs >= fromMs && startMs < fromMs + 1000);
}

function at(fromMs: number, part: Partial<Progress> = {}): Progress {
  return { elapsedMs: fromMs + 1000, durationMs: 40_000, latest: second(fromMs), leader: 'n1', ...part };
}

describe('formatProgress', () => {
  it('tells time, throughput, latency and leader of a good second', () => {
    expect(formatProgress(at(5000), options)).toMatch(
      /^ 6 \/ 40 s {3} 1,\d{3} tps {3}p99 +\d+\.?\d* ms {3}leader n1$/,
    );
  });

  it('tells which round it is in, where there are several', () => {
    expect(formatProgress(at(5000, { round: { now: 3, of: 10 } }), options)).toMatch(
      /^ 6 \/ 40 s {3}round {2}3\/10 {3} 1,/,
    );
    const plain = formatProgress(at(5000), options);
    expect(formatProgress(at(5000, { round: null }), options)).toBe(plain);
    expect(formatProgress(at(5000, { round: { now: 0, of: 10 } }), options)).toBe(plain);
  });

  it('tells what failed, the most frequent first', () => {
    const line = formatProgress(at(20_000, { leader: '' }), options);
    const [, failed = ''] = line.split('failed: ');
    const counts = failed.split(', ').map((part) => Number(part.split(' ')[1]?.replace(',', '')));
    expect(line).toContain('no leader');
    expect(failed).toMatch(/^57P03 \d+, 57P01 \d+/);
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
  });

  it('says so when nothing was acknowledged', () => {
    expect(formatProgress(at(22_000), options)).toMatch(/^23 \/ 40 s {8}0 tps {3}p99 {7}–/);
  });

  it('stays on one line however many kinds of errors there are', () => {
    const kinds = Array.from({ length: 30 }, (_, i) => ({
      ...(second(20_000)[4] as Bucket),
      errors: [
        {
          script: 0,
          route: 'rw' as const,
          outcome: 'aborted' as const,
          code: `XX0${10 + i}\u001b[2J\n`,
          server: '',
          count: i + 1,
          firstUs: 0,
          lastUs: 0,
          message: '',
        },
      ],
    }));
    for (const color of [true, false]) {
      const line = formatProgress(at(0, { latest: kinds }), { ...options, color });
      expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(80);
      expect(line).not.toContain('\n');
      expect(line).not.toContain('\u001b[2J');
      expect(line).toContain('failed: XX039 30');
    }
  });

  it('knows no total where transactions bound the load', () => {
    expect(formatProgress(at(11_000, { durationMs: null }), options)).toMatch(/^12 s {3} 1,\d{3} tps/);
  });

  it('tells what was skipped, which is no failure', () => {
    const skipping = sampleOf('fixed rate').recording.buckets.map((bucket) => ({
      ...bucket,
      errors: [],
      scripts: bucket.scripts.map((frame) => ({ ...frame, outcomes: [1, 0, 0, 0, 0, 150] })),
    }));
    const latest = skipping.slice(0, 10);
    const line = formatProgress(at(5000, { latest }), options);
    expect(line).toMatch(/ 10\.0 tps .* {3}skipped 1,500$/);
    expect(line).not.toContain('failed');
    const narrow = formatProgress(at(5000, { latest, leader: 'm'.repeat(30) }), { ...options, columns: 70 });
    expect(narrow).not.toContain('skipped');
  });

  it('cuts a long name of the leader', () => {
    const line = formatProgress(at(5000, { leader: 'member'.repeat(20) }), options);
    expect([...line]).toHaveLength(80);
  });

  it('writes before anything was recorded', () => {
    expect(formatProgress({ elapsedMs: 0, durationMs: 40_000, latest: [], leader: null }, options)).toBe(
      ' 0 / 40 s        0 tps   p99       –',
    );
  });

  it('uses colours only when told', () => {
    expect(formatProgress(at(20_000), options)).not.toContain('\u001b');
    expect(formatProgress(at(20_000), { ...options, color: true })).toContain('\u001b[31m');
  });
});
