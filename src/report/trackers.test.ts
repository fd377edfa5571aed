import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { renderBencher } from './bencher.js';
import { HOSTILE, hostile, named, OUTCOMES } from './gated.fixture.js';
import { renderBenchmark } from './github-action-benchmark.js';
import { renderGitlabMetrics } from './gitlab-metrics.js';
import { roundSample } from './round-samples.fixture.js';

const rounds = { name: 'rounds', directory: null, result: roundSample('six rounds') };

describe('OpenMetrics for GitLab', () => {
  /** As OpenMetrics 1.0 has it: metadata of a family, then its samples; the end. */
  const METADATA = /^# (TYPE|UNIT|HELP) (pgha_[a-z_]+) (.+)$/;
  const SAMPLE =
    /^(pgha_[a-z_]+)(\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (\S+)$/;

  function check(text: string): Map<string, number> {
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    const samples = new Map<string, number>();
    const families: string[] = [];
    for (const line of text.trimEnd().split('\n').slice(0, -1)) {
      const [, kind, family = '', value = ''] = METADATA.exec(line) ?? [];
      if (kind === 'TYPE') {
        expect(families).not.toContain(family);
        expect(value).toBe('gauge');
        families.push(family);
      } else if (kind === 'UNIT') {
        expect(family.endsWith(`_${value}`)).toBe(true);
      } else if (kind === undefined) {
        const [, name, labels = '', number = ''] = SAMPLE.exec(line) ?? [];
        expect(name, line).toBe(families.at(-1));
        expect(Number.isFinite(Number(number))).toBe(true);
        // GitLab splits a line at its white space.
        expect(line.split(/\s+/)).toHaveLength(2);
        expect(samples.has(`${name}${labels}`), line).toBe(false);
        samples.set(`${name}${labels}`, Number(number));
      }
    }
    return samples;
  }

  it('has the figures in base units', () => {
    const samples = check(renderGitlabMetrics([named('demo', { gates: OUTCOMES })]));
    expect(samples.get('pgha_write_downtime_seconds{statistic="max"}')).toBeCloseTo(5.175, 3);
    expect(samples.get('pgha_latency_seconds{statistic="p99",phase="before"}')).toBeCloseTo(0.0943, 3);
    expect(samples.get('pgha_failed_ratio')).toBeCloseTo(0.0203, 4);
    expect(samples.get('pgha_indoubt')).toBe(6);
    expect(samples.get('pgha_gates_failed')).toBe(2);
  });

  it('has none of what was not measured', () => {
    const samples = check(renderGitlabMetrics([named('demo')]));
    expect([...samples.keys()].filter((key) => key.includes('lost'))).toEqual([]);
    expect(check(renderGitlabMetrics([rounds])).get('pgha_lost')).toBe(0);
  });

  it('tells several results apart, each family in one place', () => {
    const samples = check(renderGitlabMetrics([named('demo'), rounds]));
    expect(samples.has('pgha_tps{run="demo"}')).toBe(true);
    expect(samples.has('pgha_tps{run="rounds"}')).toBe(true);
  });

  it.each(HOSTILE)('stays OpenMetrics whatever a result is called: %j', (text) => {
    check(renderGitlabMetrics([hostile(text), rounds]));
  });
});

describe('github-action-benchmark', () => {
  it('has what should be small in one file, what should be big in the other', () => {
    const smaller = JSON.parse(renderBenchmark([named('demo')], 'less'));
    const bigger = JSON.parse(renderBenchmark([named('demo')], 'more'));
    const names = (entries: { name: string }[]) => entries.map(({ name }) => name);
    expect(names(bigger)).toEqual(['tps', 'tps@before']);
    expect(names(smaller)).toContain('write_downtime.median');
    expect(names(smaller)).not.toContain('lost');
    for (const entry of [...smaller, ...bigger]) {
      expect(entry).toEqual({
        name: expect.any(String),
        unit: expect.stringMatching(/^(ms|tps|count|%|bytes)$/),
        value: expect.any(Number),
        extra: expect.any(String),
      });
    }
    const p99 = smaller.find(({ name }: { name: string }) => name === 'latency.p99');
    expect(p99).toMatchObject({
      unit: 'ms',
      value: (named('demo').result.totals.response?.p99Us ?? 0) / 1000,
    });
  });

  it('tells several results apart', () => {
    const entries = JSON.parse(renderBenchmark([named('demo'), rounds], 'more'));
    expect(entries.map(({ name }: { name: string }) => name)).toEqual([
      'demo tps',
      'demo tps@before',
      'rounds tps',
      'rounds tps@before',
    ]);
  });
});

describe('Bencher', () => {
  // bencher.dev/bmf.json
  const validate = new Ajv().compile({
    type: 'object',
    patternProperties: {
      '.+': {
        type: 'object',
        patternProperties: {
          '.+': {
            type: 'object',
            properties: {
              value: { type: 'number' },
              lower_value: { type: 'number' },
              upper_value: { type: 'number' },
            },
            required: ['value'],
          },
        },
      },
    },
  });

  it('has a benchmark for each result, and a measure for each figure', () => {
    const report = JSON.parse(renderBencher([named('demo'), named('again'), rounds]));
    expect(validate(report)).toBe(true);
    expect(Object.keys(report)).toEqual(['tpcb switchover', 'tpcb switchover (2)', 'tpcb switchover (3)']);
    expect(report['tpcb switchover']['write-downtime-max-ms'].value).toBeCloseTo(5175.159, 3);
    const { value, lower_value, upper_value } = report['tpcb switchover (3)']['write-downtime-median-ms'];
    expect(lower_value).toBeLessThan(value);
    expect(upper_value).toBeGreaterThan(value);
  });

  it.each(HOSTILE)('has names and measures that it takes: %j', (text) => {
    const report = JSON.parse(renderBencher([hostile(text)]));
    expect(validate(report)).toBe(true);
    const [[name, measures]] = Object.entries(report) as [[string, object]];
    expect(name).toMatch(/^\S(.*\S)?$/);
    expect(name.length).toBeLessThanOrEqual(1024);
    for (const measure of Object.keys(measures)) {
      expect(measure).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(measure.length).toBeLessThanOrEqual(64);
    }
  });
});
