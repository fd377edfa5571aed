import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { compare } from '../compare/compare.js';
import type { Comparison } from '../compare/comparison.js';
import type { Result } from '../result/result.js';
import type { Assets } from './html/assets.js';
import type { PageData } from './html/data.js';
import { hostileOf } from './html/hostile.fixture.js';
import { medianOf } from './html/overlay-data.js';
import { unpack, unpackSteps } from './html/packed.js';
import { renderComparisonHtml } from './html-comparison.js';
import { roundSample } from './round-samples.fixture.js';

const ASSETS: Assets = { script: '', style: '' };

/** Made before any test, since it takes its time. */
const SIX = roundSample('six rounds');

async function compared(...results: readonly Result[]): Promise<Comparison> {
  const [base, ...candidates] = results.map((result, index) => ({
    name: `run ${index + 1}`,
    directory: null,
    result,
  }));
  if (base === undefined) {
    throw new Error('nothing to compare');
  }
  return compare(base, candidates, { anyway: true });
}

function dataOf(html: string): PageData {
  const [, json = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json) as PageData;
}

describe('renderComparisonHtml', () => {
  it('lays the rounds of all runs over each other from their faults on', async () => {
    const six = SIX;
    const html = renderComparisonHtml(await compared(six, sampleOf('writes and reads').result), ASSETS);
    const [first, second] = dataOf(html).overlay?.runs ?? [];
    expect(first?.rounds).toHaveLength(6);
    expect(second?.rounds).toHaveLength(1);
    const round = first?.rounds[2];
    const asked = six.faults[2]?.askedAtMs ?? 0;
    const startMs = unpackSteps(round?.stepMs ?? [], round?.fromMs);
    const at = six.timeline.startMs.findIndex((from) => from >= asked - 20_000);
    expect(startMs[0]).toBeCloseTo((six.timeline.startMs[at] ?? 0) - asked, 3);
    expect(unpack(round?.p99Us ?? []).slice(0, 250)).toEqual(six.timeline.p99Us.slice(at, at + 250));
    expect(round?.noWrites?.fromMs).toBeCloseTo(
      (six.analysis.rounds[2]?.writeDowntime?.fromMs ?? 0) - asked,
      3,
    );
    expect(first?.rounds.every(({ ro }) => ro === null)).toBe(true);
    expect(second?.rounds[0]?.ro).not.toBeNull();
  });

  it('shows no timelines where no run had a fault', async () => {
    const { result } = sampleOf('no fault');
    const html = renderComparisonHtml(await compared(result, result), ASSETS);
    expect(dataOf(html).overlay).toBeNull();
    expect(html).not.toContain('id="overlay');
  });

  it('tells figures, verdicts, what is not comparable and what else differs', async () => {
    const six = SIX;
    const settings = { ...six.cluster.settings, 'patroni.ttl': 20 };
    const other = { ...six, cluster: { ...six.cluster, settings }, plan: { ...six.plan, clients: 8 } };
    const comparison = await compared(six, other);
    const html = renderComparisonHtml(comparison, ASSETS);
    const text = html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text).toMatch(/Not comparable, and compared anyway: .*clients/);
    expect(text).toMatch(/patroni\.ttl setting 30 20/);
    expect(text).toMatch(/Write downtime 5\.\d+ s 5\.\d+ s 0 .*no difference shown/);
    for (const { contrasts } of comparison.rows) {
      for (const { text: reason } of contrasts) {
        expect(html).toContain(reason.split(/[<>&"'`]/)[0]);
      }
    }
  });

  it('numbers the dots as the report of each run numbers its rounds, past an invalid one', async () => {
    const html = renderComparisonHtml(await compared(SIX, SIX), ASSETS);
    const [strip = ''] = /<strong>Write downtime,.*?<\/svg>/s.exec(html) ?? [];
    const numbers = [...strip.matchAll(/<title>Round (\d+): /g)].map(([, number]) => number);
    expect(SIX.analysis.rounds[3]?.invalid).not.toBeNull();
    expect(numbers).toEqual(['1', '2', '3', '5', '6']);
  });

  it('tells who cannot see a chart of what there is in its place', async () => {
    const html = renderComparisonHtml(await compared(SIX, SIX), ASSETS);
    const labels = [...html.matchAll(/role="img" aria-label="([^"]*from the fault on[^"]*)"/g)];
    expect(labels).toHaveLength(2);
    for (const [, label = ''] of labels) {
      expect(label).toMatch(/The slider below the charts tells the figures of all at one instant\.$/);
    }
    expect(html).toContain('class="scrubber"');
  });

  it('lets no text of a result out of its place', async () => {
    const hostile = hostileOf(SIX);
    const html = renderComparisonHtml(await compared(hostile, SIX, hostile), ASSETS);
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<b ');
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script/g)).toHaveLength(2);
  });
});

describe('medianOf', () => {
  it('is the round in the middle of those that are valid and measured', () => {
    const [round] = SIX.analysis.rounds;
    const downtime = round?.writeDowntime;
    if (round === undefined || downtime === null || downtime === undefined) {
      throw new Error('The sample has no downtime.');
    }
    const of = (durationMs: number, invalid: string | null = null) => ({
      round: { ...round, invalid, writeDowntime: { ...downtime, durationMs } },
    });
    expect(medianOf([of(9), of(1), of(5)])).toBe(2);
    expect(medianOf([of(9), of(1), of(5), of(7)])).toBe(2);
    expect(medianOf([of(9, 'disturbed'), of(1), of(5)])).toBe(1);
    const unseen = { round: { ...round, writeDowntime: { ...downtime, outage: false } } };
    expect(medianOf([of(9), unseen, of(5)])).toBe(2);
    expect(medianOf([{ round: { ...round, writeDowntime: null } }])).toBe(0);
  });
});
