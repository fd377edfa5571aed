import { describe, expect, it } from 'vitest';
import type { RunProgress } from '../analysis/progress.js';
import type { Bucket } from '../analysis/recording.js';
import { type Sample, sampleOf } from '../analysis/sample.fixture.js';
import { advance, type LiveState, renderLive } from './live.js';
import { styleOf } from './terminal/text.js';
import { widthOf } from './terminal/width.js';

const style = styleOf({ columns: 80, color: false, unicode: true });

/** What the run of a sample would have told in its second `second`. */
function told({ recording, events }: Sample, second: number, part: Partial<RunProgress> = {}): RunProgress {
  const [fromMs, toMs] = [1000 * second, 1000 * second + 1000];
  const changes = events.filter(({ kind, atMs }) => /^leader/.test(kind) && atMs < toMs);
  return {
    plan: recording.plan,
    elapsedMs: toMs + 40,
    durationMs: recording.plan.durationMs,
    latest: recording.buckets.filter(({ startMs }) => startMs >= fromMs && startMs < toMs),
    leader: changes.at(-1)?.to ?? null,
    round: null,
    faultsMs: toMs > 20_000 ? [20_003.4] : [],
    events: events.filter(({ atMs }) => atMs < toMs && (second === 0 || atMs >= fromMs)),
    ...part,
  };
}

function stateAt(sample: Sample, seconds: number, part: Partial<RunProgress> = {}): LiveState {
  let state = advance(null, told(sample, 0, part));
  for (let second = 1; second < seconds; second++) {
    state = advance(state, told(sample, second, part));
  }
  return state;
}

const both = sampleOf('writes and reads');
const writes = sampleOf('switchover');

function picture(state: LiveState, columns = 80, rows = 23): string[] {
  return renderLive(state, columns, rows, style);
}

function lineWith(lines: readonly string[], start: string): string {
  const line = lines.find((each) => each.trimStart().startsWith(start));
  if (line === undefined) {
    throw new Error(`no line starts with ${start} in\n${lines.join('\n')}`);
  }
  return line;
}

describe('renderLive', () => {
  it('tells of a good second what a reader looks for', () => {
    const state = stateAt(both, 12);
    const lines = picture(state);
    expect(lines[0]).toMatch(/^tpcb · 64 clients · switchover +12 s \/ 40 s$/);
    const [rw, ro] = state.ports;
    expect(lineWith(lines, 'rw ')).toMatch(/^rw +\d{3} +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms +0$/);
    expect(lineWith(lines, 'ro ')).toContain(
      String(Math.round(ro?.tps ?? 0)).replace(/(\d)(\d{3})$/, '$1,$2'),
    );
    expect(rw?.tps).toBeGreaterThan(100);
    expect(lineWith(lines, 'errors')).toBe('errors    none now   0 in all');
    expect(lineWith(lines, 'leader')).toBe('leader    n1');
    expect(lineWith(lines, 'HAProxy')).toBe('HAProxy   rw  n1 UP · n2 DOWN · n3 DOWN');
    expect(lines).toContain('          ro  n1 DOWN · n2 UP · n3 UP');
    expect(lineWith(lines, 'probes')).toBe('probes    rw 50 of 50 answered · ro 50 of 50 answered');
  });

  it('tells of an outage what is away, since when, and who leads', () => {
    const lines = picture(stateAt(writes, 23));
    expect(lineWith(lines, 'rw ')).toMatch(/^rw +0 +– +– +– +\d+ {3}none for 2\.\d s$/);
    expect(lineWith(lines, 'errors')).toMatch(/^errors {4}connect_closed \d+ {3}\d+ in all$/);
    expect(lineWith(lines, 'leader')).toBe('leader    n2   for 1 s');
    expect(lineWith(lines, 'HAProxy')).toContain('rw  n1 DOWN');
    expect(lines.at(-1)).toMatch(/^ +22\.313 s +\+2\.310 s {2}haproxy {2}rw\/n1 DOWN$|rw\/n1/);
    expect(lineWith(picture(stateAt(writes, 22)), 'leader')).not.toContain('n1');
  });

  it('draws a timeline that grows to the right, with the fault marked', () => {
    const rows = (seconds: number) =>
      picture(stateAt(writes, seconds)).filter((line) => /[█▇▆]/.test(line) && !line.includes('failed'));
    const lengths = [5, 15, 30, 39].map((seconds) => Math.max(...rows(seconds).map((line) => line.length)));
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    expect(new Set(lengths).size).toBe(4);
    const lines = picture(stateAt(writes, 39));
    const column = (ms: number) => 11 + Math.floor((ms / 40_000) * 69);
    expect(lineWith(lines, '┴').indexOf('▲')).toBe(column(20_003));
    const bars = rows(39).at(-1) ?? '';
    expect([bars[column(10_500)], bars[column(22_500)], bars[column(35_500)]]).toEqual(['█', ' ', '█']);
    expect(lineWith(lines, 'failed').slice(11).search(/[▁-█]/)).toBeGreaterThan(30);
    expect(lineWith(lines, 'leader n1')).toMatch(/leader n1 ─+ *n2 ─+/);
  });

  it('of a run that is longer than the picture shows the newest part', () => {
    const state = stateAt(writes, 39, { durationMs: 3_600_000 });
    expect(lineWith(picture(state), '0 s')).toMatch(/0 s +15 s/);
    const late = { ...state, elapsedMs: 600_000 };
    expect(lineWith(picture(late), '9m')).toMatch(/^ +9m +9m 15 s/);
    expect(picture(late)[0]).toMatch(/ 10 min \/ 1 h$/);
    expect(lineWith(picture(stateAt(writes, 39, { durationMs: null })), '0 s')).toContain('50 s');
  });

  it.each(Array.from({ length: 24 }, (_, at) => at + 1))('fits into %d lines of any width', (rows) => {
    for (const state of [stateAt(both, 23), stateAt(writes, 24)]) {
      for (const columns of [20, 40, 80, 200]) {
        for (const color of [true, false]) {
          const lines = renderLive(state, columns, rows, styleOf({ columns, color, unicode: true }));
          expect(lines.length).toBeLessThanOrEqual(rows);
          expect(lines.filter((line) => widthOf(line) > columns || line.includes('\n'))).toEqual([]);
        }
      }
    }
  });

  it('leaves out what tells least', () => {
    const state = stateAt(both, 30);
    const starts = (rows: number) => picture(state, 80, rows).map((line) => line.trim().split(/ +/)[0]);
    expect(starts(4)).toEqual(expect.arrayContaining(['rw', 'ro']));
    expect(starts(5)).toContain('leader');
    expect(picture(state, 80, 9).join('\n')).not.toContain('┴');
    expect(picture(state, 80, 13).join('\n')).toContain('┴');
    expect(starts(23)).toContain('probes');
  });

  it('shows no power of names over the terminal, and ASCII where there is no more', () => {
    const evil = '\u001b[2J数据\r\n\u0007x'.repeat(10);
    const [error] = writes.recording.buckets.flatMap(({ errors }) => errors);
    const bucket = {
      ...(writes.recording.buckets[5] as Bucket),
      errors: error === undefined ? [] : [{ ...error, code: evil }],
    };
    const event = {
      ...both.events[0],
      text: evil,
      subject: `${evil}/${evil}`,
      layer: 'haproxy' as const,
      kind: 'server_up',
      from: 'a',
      to: evil,
    };
    const progress = told(writes, 5, { leader: evil, latest: [bucket], events: [event as never] });
    const plan = { ...progress.plan, label: evil };
    const state = advance(advance(null, told(writes, 4)), { ...progress, plan });
    for (const unicode of [true, false]) {
      const lines = renderLive(state, 80, 23, styleOf({ columns: 80, color: false, unicode }));
      expect(lines.filter((line) => /[\p{Cc}]/u.test(line) || widthOf(line) > 80)).toEqual([]);
      expect(lines.some((line) => line.includes(unicode ? '数据' : '????'))).toBe(true);
      expect(unicode || lines.every((line) => /^[ -~]*$/.test(line))).toBe(true);
    }
  });

  it('has no figure that is none before anything was recorded', () => {
    const state = advance(null, { ...told(both, 0), latest: [], events: [], leader: null });
    expect(picture(state).join('\n')).not.toMatch(/NaN|Infinity|undefined|null/);
  });
});

describe('advance', () => {
  it('counts nothing twice when spans overlap', () => {
    const first = advance(null, told(writes, 20));
    const again = advance(first, told(writes, 20));
    expect(again.failedInAll).toBe(first.failedInAll);
    expect(again.spans).toHaveLength(first.spans.length);
    const next = advance(first, told(writes, 21));
    expect(next.failedInAll).toBeGreaterThan(first.failedInAll);
    expect(next.spans.map(({ fromMs }) => fromMs)).toEqual([20_000, 21_000]);
  });

  it('stays of one size in a long run', () => {
    let state = advance(null, told(writes, 0));
    const [bucket] = writes.recording.buckets as [Bucket];
    for (let second = 1; second < 3000; second++) {
      const latest = [{ ...bucket, startMs: 1000 * second, widthMs: 1000 }];
      const events = [{ ...both.events[0], from: 'a' } as never];
      state = advance(state, told(writes, 0, { latest, events, leader: `n${second}` }));
    }
    expect(state.spans.length).toBeLessThanOrEqual(1000);
    expect(state.leaders.length).toBeLessThanOrEqual(1000);
    expect(state.changes.length).toBeLessThanOrEqual(50);
    expect(state.spans.at(-1)?.fromMs).toBe(2_999_000);
  });
});
