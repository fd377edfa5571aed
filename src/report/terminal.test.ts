import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SAMPLES, sampleOf } from '../analysis/sample.fixture.js';
import type { LatencySummary, Result } from '../result/result.js';
import { formatRate } from '../units.js';
import { ROUND_SAMPLES } from './round-samples.fixture.js';
import { renderTerminal } from './terminal.js';

const plainly = { columns: 80, color: false, unicode: true };

function resultOf(name: string): Result {
  return sampleOf(name).result;
}

function lineWith(report: string, start: string): string {
  const line = report.split('\n').find((each) => each.trimStart().startsWith(start));
  if (line === undefined) {
    throw new Error(`no line starts with ${start} in\n${report}`);
  }
  return line;
}

function chartOf(report: string): string {
  return report.slice(report.indexOf('\nTimeline'));
}

const ALL: readonly (readonly [string, () => Result])[] = [
  ...Object.entries(SAMPLES).map(([name, make]) => [name, () => make().result] as const),
  ...Object.entries(ROUND_SAMPLES),
];

describe.each(ALL)('the report of: %s', (_, make) => {
  const result = make();

  it.each([80, 100, 132])('fits into %d columns', (columns) => {
    for (const unicode of [true, false]) {
      const report = renderTerminal(result, { columns, color: false, unicode });
      const long = report.split('\n').filter((line) => [...line].length > columns);
      expect(long).toEqual([]);
    }
  });

  it('has no figure that is none', () => {
    expect(renderTerminal(result, plainly)).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
  });

  it('is the same with colours, but for the colours', () => {
    const colored = renderTerminal(result, { ...plainly, color: true });
    expect(colored).toContain('\u001b[1m');
    expect(stripVTControlCharacters(colored)).toBe(renderTerminal(result, plainly));
    expect(renderTerminal(result, plainly)).not.toContain('\u001b');
  });

  it('is ASCII where nothing else is shown', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is the point
    expect(renderTerminal(result, { ...plainly, unicode: false })).toMatch(/^[\u0000-\u007e]*$/);
  });

  it('leaves no space at the end of a line', () => {
    expect(renderTerminal(result, plainly)).not.toMatch(/ \n/);
  });
});

describe('the report of a switchover', () => {
  const result = resultOf('switchover');
  const report = renderTerminal(result, { ...plainly, directory: 'results/x' });
  const round = result.analysis.rounds[0];

  it('has its parts in the order in which they are read', () => {
    const titles = report.split('\n').filter((line) => /^[A-Z]/.test(line));
    expect(titles).toEqual([
      'Switchover n1 at 20.003 s',
      'Commits',
      'Throughput and latency',
      'Errors',
      'Timeline',
      'Measurement',
      'Result  results/x',
    ]);
    expect(report.startsWith('tpcb · scale 10 · 64 clients · 2 workers · prepared · 40 s\n')).toBe(true);
  });

  it('shows the settings that matter, and those that nobody would expect', () => {
    const [, settings = ''] = /settings(.*?)started/s.exec(report) ?? [];
    expect(settings.replace(/[\s·]+/g, ' ').trim()).toBe(
      'Patroni ttl 30 loop_wait 10 retry_timeout 10 maximum_lag_on_failover 1048576 synchronous_mode off ' +
        'PostgreSQL synchronous_commit on fsync off HAProxy inter 3s fall 3 rise 2',
    );
    expect(lineWith(report, 'versions')).toContain('HAProxy 2.6.12 ·');
  });

  it('says the downtime with its bounds', () => {
    const downtime = round?.writeDowntime;
    const seconds = (ms = 0) => `${(ms / 1000).toFixed(2)} s`;
    expect(lineWith(report, 'write downtime')).toContain(seconds(downtime?.durationMs));
    expect(lineWith(report, 'the true outage is')).toContain(
      `${seconds((downtime?.durationMs ?? 0) - (downtime?.resolutionMs ?? 0))} to ${seconds(downtime?.durationMs)}`,
    );
    expect(lineWith(report, 'read downtime')).toContain('none seen, longest pause 20.0 ms (20.0 ms before)');
    expect(lineWith(report, 'clients')).toContain('64 of 64 work again');
  });

  it('names the node, not the address, and explains each error under it', () => {
    const lines = report.split('\n');
    const index = lines.findIndex((line) => line.includes('25006'));
    expect(lines[index]).toMatch(/ n2$/);
    expect(lines[index + 1]?.trim()).toBe('HAProxy still sends you to the demoted primary, or to a standby.');
  });

  it('draws the gap where it was', () => {
    const bars = lineWith(report, '0 █').slice(11);
    const column = (ms: number) => Math.floor((ms / result.run.elapsedMs) * 68);
    expect([...bars][column(10_000)]).toBe('█');
    expect([...bars][column(23_000)]).toBe(' ');
    expect([...bars][column(35_000)]).toBe('█');
    const gap = lineWith(chartOf(report), 'no writes').slice(11);
    expect(gap.search('━')).toBe(column(round?.writeDowntime?.fromMs ?? 0));
    expect(lineWith(chartOf(report), 'leader').slice(11).search('n2')).toBe(column(21_934));
    expect(lineWith(report, '┴').slice(11).search('▲')).toBe(column(20_003));
  });

  it('lists what happened with its time since the fault', () => {
    expect(lineWith(report, '21.934 s')).toBe('   21.934 s     +1.931 s   ≤ 0.834 s  patroni n2 leads');
  });
});

describe('the report', () => {
  it('says that writes never came back', () => {
    const report = renderTerminal(resultOf('lost forever'), plainly);
    expect(lineWith(report, 'write downtime')).toContain('19.7 s and not over when the run ended');
    expect(lineWith(report, 'clients  ')).toContain('0 of 64 work again');
    expect(lineWith(report, 'after')).toMatch(/after( +–){7}$/);
  });

  it('says that reads never stopped, and how long an outage could hide', () => {
    const report = renderTerminal(resultOf('writes and reads'), plainly);
    expect(lineWith(report, 'read downtime')).toContain('none seen, longest pause');
    expect(report).toMatch(/one of up to 100 ms may have gone unseen; \d+ attempts failed/);
    expect(lineWith(report, 'select-only')).toContain('ro');
  });

  it('says where a figure is missing that there is a reason', () => {
    const report = renderTerminal(resultOf('one slow client'), plainly);
    expect(lineWith(report, 'read downtime')).toContain('not measured, see the notes');
    expect(lineWith(report, '• Switchover: read downtime')).toContain('was not measured: tpcb has no script');
  });

  it('says that it was interrupted, and that the fault was not done', () => {
    const report = renderTerminal(resultOf('interrupted'), plainly);
    expect(report).toContain('Interrupted after 11.3 s.');
    expect(report).toContain('Switchover n1 not done');
    expect(report).not.toContain('write downtime');
  });

  it('says nothing of faults when there was none', () => {
    const report = renderTerminal(resultOf('no fault'), plainly);
    expect(report).not.toMatch(/downtime|Switchover|Errors/);
    expect(report).toContain('nothing failed');
  });

  it('shows the outage of a long run from near, and the whole besides', () => {
    const report = renderTerminal(resultOf('one hour'), plainly);
    expect(report).toContain('Timeline of 1 h\n');
    expect(report).toContain('Timeline from 1780.003 s to 182');
    expect(report.match(/\n no writes/g)).toHaveLength(2);
  });

  it('of a fixed rate says the rate, what was late and skipped, and how late the generator was', () => {
    const result = resultOf('fixed rate');
    const report = renderTerminal(result, plainly);
    expect(report.split('\n').slice(0, 2)).toEqual([
      'tpcb · scale 10 · 64 clients · 2 workers · prepared · 500 tps · 40 s',
      'warm-up 10 s · latency limit 50 ms · up to 5 tries',
    ]);
    const { late, outcomes, retried } = result.totals;
    expect(report).toContain(
      `\n            ${late} late (above 50 ms), ${outcomes.skipped.toLocaleString('en-US')} skipped\n`,
    );
    expect(report).toContain(`\n            ${retried} retried\n`);
    expect(lineWith(report, 'lag')).toMatch(/^ {2}lag +0 µs .* ms$/);
    const throughput = report.indexOf('Throughput');
    const head = report.slice(throughput, report.indexOf('p50', throughput));
    expect(head.match(/skipped/g)).toHaveLength(1);
    // What was skipped was never tried: it stands apart from what failed.
    expect(lineWith(report, 'skipped ')).toContain('█');
    expect(lineWith(report, 'from')).toMatch(/failed {2}skipped$/);
    const { before } = result.analysis.rounds[0]?.phases ?? {};
    expect(lineWith(report, 'before')).toMatch(new RegExp(` 0 +${before?.outcomes.skipped}$`));
    for (const other of ['switchover', 'stages']) {
      expect(renderTerminal(resultOf(other), plainly)).not.toMatch(/skipped|late \(|retried/);
    }
  });

  it('of stages says how the rate turns', () => {
    const report = renderTerminal(resultOf('stages'), plainly);
    expect(report).toContain('prepared · 100 → 800 → 200 tps\n1 min\n');
    const base = resultOf('stages');
    const stages = [5, 10, 20, 2000, 30, 0.5, 7, 1].map((tps) => ({
      durationMs: 1000,
      fromTps: tps,
      toTps: tps,
    }));
    const many = { ...base, plan: { ...base.plan, pace: { kind: 'open', stages } as const } };
    expect(renderTerminal(many, plainly)).toContain('5 → 10 → 20 → 2,000 → … → 1 tps');
    expect(renderTerminal(many, { ...plainly, unicode: false })).toContain(
      '5 -> 10 -> 20 -> 2,000 -> .. -> 1 tps',
    );
  });

  it('of a load that transactions bound says how many', () => {
    const base = resultOf('reads without a read-only port');
    const titled = (part: Partial<Result['plan']>) =>
      renderTerminal({ ...base, plan: { ...base.plan, ...part } }, plainly)
        .split('\n')
        .slice(0, 2)
        .join(' ');
    expect(titled({})).toContain('prepared 1,000 transactions per client · a connection per transaction');
    const run = { transactions: { count: 10_000, per: 'run' }, transactionsPerConnection: 0 } as const;
    expect(titled(run)).toContain('prepared · 10,000 transactions ─');
    expect(titled({ ...run, durationMs: 5000 })).toContain('10,000 transactions at most 5 s');
  });

  it('says which port scripts went to, and why, where that is not plain', () => {
    const ports = (name: string, part: Partial<Result['plan']> = {}) => {
      const base = resultOf(name);
      const report = renderTerminal({ ...base, plan: { ...base.plan, ...part } }, plainly);
      const row = /^ports {6}(.*(?:\n {11}.*)*)/m.exec(report);
      return row?.[1]?.replaceAll(/\n? {2,}/g, ' | ');
    };
    expect(ports('switchover')).toBeUndefined();
    expect(ports('reads without a read-only port')).toBe(
      'select-only only reads, on rw: no read-only port was given',
    );
    const { target } = resultOf('switchover').plan;
    expect(ports('reads without a read-only port', { target })).toBe('select-only only reads, on rw');
    expect(ports('writes and reads')).toBe('rw: 19 clients for tpcb · ro: 45 clients for select-only');
    expect(ports('a mix of eleven scripts')).toBe(
      'each client has a connection for each script · rw: 7 scripts | ro: 4 scripts',
    );
  });

  it('has a line for each port of two, and for each of many scripts', () => {
    const result = resultOf('a mix of eleven scripts');
    const report = renderTerminal(result, plainly);
    const { ports, scripts } = result.totals;
    for (const { route, tps } of ports) {
      expect(report).toMatch(new RegExp(`\n  ${route} +64 +${formatRate(tps)} `));
    }
    for (const { name, route, tps } of scripts) {
      expect(lineWith(report, name)).toMatch(new RegExp(`^  ${name} +${route} +${formatRate(tps)} `));
    }
    expect(renderTerminal(resultOf('switchover'), plainly)).not.toMatch(/\n {2}port /);
  });

  it('keeps long names of scripts within the line, and the figures beside them whole', () => {
    const base = resultOf('a mix of eleven scripts');
    const scripts = base.totals.scripts.map((script) => ({
      ...script,
      name: `${script.name}-${'long'.repeat(9)}`,
      tps: 123_456,
      outcomes: { ...script.outcomes, aborted: 1_234_567 },
      response: { ...(script.response as LatencySummary), p50Us: 1.205e9, p99Us: 1.205e9, maxUs: 1.205e9 },
    }));
    const report = renderTerminal({ ...base, totals: { ...base.totals, scripts } }, plainly);
    const line = lineWith(report, 'oltp_read_write');
    expect([...line].length).toBeLessThanOrEqual(80);
    expect(line).toMatch(/^ {2}oltp_read_wri\S*… +rw +123,456( +20 min 5 s){3} +1,234,\d{3}$/);
  });

  it('lists the commands of each script with their means, cut to the line', () => {
    const one = renderTerminal(resultOf('reads without a read-only port'), plainly);
    expect(one).toMatch(
      /\nCommands\n {2}mean ms +count {2}failed {2}command\n +2\.6\d\d +\d+,\d+ +0 {2}\\set aid random/,
    );
    expect(one).toContain('WHERE aid = :a…\n');
    const mix = renderTerminal(resultOf('a mix of eleven scripts'), plainly);
    const section = mix.slice(mix.indexOf('\nCommands'), mix.indexOf('\nErrors'));
    for (const { name, commands } of resultOf('a mix of eleven scripts').totals.scripts) {
      expect(section).toContain(`\n  ${name}\n`);
      expect(section).toContain(` ${((commands?.[0]?.meanUs ?? 0) / 1000).toFixed(3)} `);
    }
    expect(renderTerminal(resultOf('switchover'), plainly)).not.toContain('Commands');
  });

  it('puts many options into a row of their own', () => {
    const report = renderTerminal(resultOf('a mix of eleven scripts'), plainly);
    expect(report).toMatch(/^sysbench-mix · 64 clients/);
    expect(lineWith(report, 'options')).toMatch(/^options {4}tables 4 · table-size 10000/);
  });

  it('gives what came from outside no power over the terminal', () => {
    const evil = 'a\u001b[2Jb\u0007\n\u009b31mc\u202ed';
    const base = resultOf('switchover');
    const result: Result = {
      ...base,
      plan: {
        ...base.plan,
        label: evil,
        workload: {
          ...base.plan.workload,
          name: evil,
          options: { [evil]: evil },
          variables: { [evil]: evil },
          scripts: base.plan.workload.scripts.map((script) => ({ ...script, name: evil, writes: false })),
        },
      },
      totals: {
        ...base.totals,
        scripts: base.totals.scripts.flatMap((script) => {
          const commands = [{ line: 1, text: evil, count: 1, meanUs: 1, failures: 0 }];
          return [
            { ...script, name: evil, commands },
            { ...script, name: evil, commands },
          ];
        }),
      },
      cluster: { ...base.cluster, postgres: evil, scope: evil, settings: { [evil]: evil } },
      errors: base.errors.map((error) => ({ ...error, code: evil, message: evil, server: evil })),
      events: base.events.map((event) => ({ ...event, subject: evil, text: evil, to: evil })),
      faults: base.faults.map((fault) => ({
        ...fault,
        asked: evil,
        answer: evil,
        observed: evil,
        kind: evil,
      })),
      notes: [evil],
    };
    const report = renderTerminal(result, plainly);
    expect(report.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(report).not.toContain('\nb');
  });

  it('fits long names into 80 columns', () => {
    const base = resultOf('switchover');
    const { target } = base.plan;
    const errors = base.errors.flatMap((error) =>
      [1, 2, 3].map((i) => ({ ...error, server: `[2001:db8:0:0:0:0:0:${i}]:5432` })),
    );
    const host = `${'long-'.repeat(20)}host`;
    const plan = { ...base.plan, target: { ...target, rw: { ...target.rw, host } } };
    const report = renderTerminal({ ...base, errors, plan }, plainly);
    expect(report.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    expect(report).toContain('3 servers');
  });

  it('shows the most frequent of many kinds of errors, in the order of time', () => {
    const base = resultOf('switchover');
    const [first] = base.errors;
    const errors = Array.from({ length: 30 }, (_, i) => ({
      ...(first as Result['errors'][number]),
      code: `P00${10 + i}`,
      count: i + 1,
      firstMs: 1000 * (30 - i),
    }));
    const report = renderTerminal({ ...base, errors }, plainly);
    const codes = [...report.matchAll(/P00\d\d/g)].map(([code]) => code);
    expect(codes).toHaveLength(12);
    expect(codes[0]).toBe('P0039');
    expect(report).toContain('and 18 rarer kinds, in result.json');
  });
});
