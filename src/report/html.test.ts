import { describe, expect, it } from 'vitest';
import { SAMPLES } from '../analysis/sample.fixture.js';
import type { Result } from '../result/result.js';
import type { Assets } from './html/assets.js';
import type { PageData } from './html/data.js';
import { HOSTILE, hostileOf } from './html/hostile.fixture.js';
import { longResult } from './html/long-result.fixture.js';
import { unpack } from './html/packed.js';
import { renderHtml } from './html.js';
import { ROUND_SAMPLES, roundSample } from './round-samples.fixture.js';

/** As long as the real ones: see "is no longer than counted here" in page/report.e2e.test.ts. */
const ASSETS: Assets = { script: '/**/'.repeat(25_000), style: '/**/'.repeat(7500) };

/** Made before any test, since it takes its time. */
const SIX = roundSample('six rounds');

function render(...results: readonly Result[]): string {
  return renderHtml(
    results.map((result, index) => ({ name: `run ${index + 1}`, directory: null, result })),
    ASSETS,
  );
}

function dataOf(html: string): PageData {
  const [, json = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json) as PageData;
}

/** What is read, without elements. */
function textOf(html: string): string {
  return html
    .replaceAll(/<(style|script)[^>]*>.*?<\/\1>/gs, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ');
}

/** But the hour, which takes long to make: longResult stands for it. */
const ALL: readonly (readonly [string, () => Result])[] = [
  ...Object.entries(SAMPLES)
    .filter(([name]) => name !== 'one hour')
    .map(([name, make]) => [name, () => make().result] as const),
  ...Object.entries(ROUND_SAMPLES),
];

describe('renderHtml', () => {
  it.each(ALL)('tells of %s with every element closed and every id once', (_, make) => {
    const html = render(make());
    expect(unbalanced(html)).toEqual([]);
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toHaveLength(new Set(ids).size);
    for (const [, id] of html.matchAll(/(?:href="#|labelledby="|describedby=")([^"]*)"/g)) {
      expect(ids).toContain(id);
    }
    expect(html).not.toMatch(/undefined|NaN|\[object/);
  });

  it('has no address but those in the licence, so that nothing can be asked for', () => {
    const html = render(roundSample('a crash that lost commits'));
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:,")/);
    expect(html).toContain('default-src &#39;none&#39;');
  });

  it('says first what came of it', () => {
    const text = textOf(render(roundSample('a crash that lost commits')));
    expect(text).toMatch(/bad: no writes for 5\.1\d s .*bad: 3 of 41,212 acknowledged commits LOST/);
    expect(text).toMatch(/Lost commits 3 of 41,212 acknowledged 64 in doubt: 51 committed, 13 not/);
    expect(textOf(render(SAMPLES['no fault']?.().result as Result))).toContain('no fault was done');
  });

  it('tells the steps with what was predicted, and why one was not seen', () => {
    const html = render(roundSample('a crash that lost commits'));
    expect(textOf(html)).toContain(
      'Leader key gone +1.100 s 1.10 s 20.0 – 32.0 s ! not as predicted ≤ 4 ms etcd watch',
    );
    expect(textOf(html)).toContain('Not seen: promoted (n2 was not asked between');
    expect(html.match(/<i class="bar"/g)).toHaveLength(6);
  });

  it('shows how rounds spread: a dot for each, hollow where it was disturbed', () => {
    const html = render(SIX);
    const strip = /aria-label="Write downtime:.*?<\/svg>/s.exec(html)?.[0] ?? '';
    expect(strip.match(/<circle/g)).toHaveLength(6);
    expect(strip.match(/dot invalid/g)).toHaveLength(1);
    expect(textOf(strip)).toMatch(/Round 4: 5\.\d\d s, invalid/);
    expect(textOf(html)).toContain('Switchover, 6 rounds, 1 of them invalid and left out');
  });

  it('tells of commits, of observers that were missing, of gates and notes', () => {
    const base = roundSample('a crash that lost commits');
    const gate = {
      expression: 'lost == 0',
      passed: false,
      measured: 3,
      limit: 0,
      unit: 'count',
      text: '3, not 0',
    } as const;
    const text = textOf(render({ ...base, gates: [gate], notes: ['Something disturbed it.'] }));
    expect(text).toMatch(/Acknowledged, lost ✕ 3 ✕ 3 ✕ 11/);
    expect(text).toMatch(/etcd ! no would have shown when the leader key went/);
    expect(text).toMatch(/1 of 1 gate failed .*lost == 0 ✕ bad: failed 3, not 0/);
    expect(text).toContain('Something disturbed it.');
  });

  it('gives the page the columns of the result', () => {
    const result = SAMPLES['writes and reads']?.().result as Result;
    const [run] = dataOf(render(result)).runs;
    expect(unpack(run?.latency[2]?.values ?? [])).toEqual(result.timeline.p99Us);
    expect(run?.throughput.map(({ name }) => name)).toEqual(['rw', 'ro']);
    expect(run?.errors.map(({ name }) => name)).toEqual(Object.keys(result.timeline.errors));
  });

  it('lets no text of a result out of its place', () => {
    const html = render(hostileOf(roundSample('a crash that lost commits')));
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<b ');
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script/g)).toHaveLength(2);
    expect(unbalanced(html)).toEqual([]);
    // Told as text, but for the separators of lines, which are no letters.
    expect(textOf(html).split(HOSTILE.slice(0, 40)).length).toBeGreaterThan(60);
  });

  it('fits into 1 MB for 10 minutes, with a fault in each', () => {
    const html = render(longResult(600_000, 15_000));
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
  }, 30_000);

  it('fits into 5 MB for an hour, with a fault in each minute or in each quarter of one', () => {
    for (const everyMs of [60_000, 15_000]) {
      const html = render(longResult(3_600_000, everyMs));
      expect(Buffer.byteLength(html)).toBeLessThan(5_000_000);
    }
  }, 30_000);
});

const VOID = new Set(['br', 'hr', 'input', 'link', 'meta', 'wbr']);

/** Elements that are not closed, or closed and not open. */
function unbalanced(html: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const elements = html.replaceAll(/<(script|style)([^>]*)>.*?<\/\1>/gs, '<$1$2></$1>');
  for (const [, slash, name = ''] of elements.matchAll(
    /<(\/?)([a-z][a-z0-9]*)(?:\s(?:[^"<>]|"[^"]*")*)?>/g,
  )) {
    if (VOID.has(name)) {
      continue;
    }
    if (slash === '') {
      open.push(name);
    } else if (open.pop() !== name) {
      wrong.push(name);
    }
  }
  return [...wrong, ...open];
}
