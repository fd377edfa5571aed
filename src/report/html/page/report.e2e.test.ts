import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandLine } from '../../../cli/command.fixture.js';
import { compare } from '../../../compare/compare.js';
import type { Result } from '../../../result/result.js';
import { formatMicros, formatRate } from '../../../units.js';
import { renderHtml } from '../../html.js';
import { renderComparisonHtml } from '../../html-comparison.js';
import { roundSample } from '../../round-samples.fixture.js';
import { pageAssets } from '../assets.js';
import { openBrowser, openFile, type WatchedPage } from '../browser.fixture.js';
import { HOSTILE, hostileOf } from '../hostile.fixture.js';
import { bucketAt, dataOf, endOf, isDrawnAt, placeOf, ratesOf, windowOf } from './drawn.fixture.js';

const scratch = mkdtempSync(join(tmpdir(), 'pgha-html-'));
const cli = new CommandLine();
let browser: Browser;
let result: Result;
let other: Result;

beforeAll(async () => {
  browser = await openBrowser();
  const load = ['run', '--mix', 'tpcb@1,select-only@1', '--clients', '8', '--duration', '16s'];
  await cli.succeed([...load, '--profile', 'fast', '--fault', 'switchover@6s', '--out', 'out']);
  result = await cli.result('out');
  await cli.succeed([...load, '--profile', 'fast', '--fault', 'switchover@5s', '--out', 'other']);
  other = await cli.result('other');
});

afterAll(async () => {
  await browser.close();
  cli.remove();
  rmSync(scratch, { recursive: true, force: true });
});

function fileOf(name: string, ...results: readonly Result[]): string {
  const file = join(scratch, `${name}.html`);
  const named = results.map((each, index) => ({ name: `run ${index + 1}`, directory: null, result: each }));
  writeFileSync(file, renderHtml(named));
  return file;
}

/** @returns the page, with its first view shown */
async function opened(name = 'report'): Promise<WatchedPage> {
  return openFile(browser, fileOf(name, result));
}

describe('the page of a real run', () => {
  it('gives the charts what result.json says', async () => {
    const { page } = await opened();
    const { startMs, p50Us, p90Us, p99Us, maxUs, errors } = result.timeline;
    for (const route of ['rw', 'ro'] as const) {
      const [xs = [], ys = []] = await dataOf(page, `throughput-${route}`);
      expect(xs.slice(0, -1)).toEqual(startMs);
      expect(xs.at(-1)).toBeCloseTo(endOf(result), 3);
      for (const [i, rate] of ratesOf(route, result).entries()) {
        expect(ys[i]).toBeCloseTo(rate, 1);
      }
      expect(Math.max(...ratesOf(route, result))).toBeGreaterThan(0);
    }
    const [, ...latency] = await dataOf(page, 'latency');
    expect(latency.map((column) => column.slice(0, -1))).toEqual([p50Us, p90Us, p99Us, maxUs]);

    // Stacked: the first series is the sum of all.
    const [, ...stack] = await dataOf(page, 'errors');
    expect(stack).toHaveLength(Object.keys(errors).length);
    const sums = startMs.map((_, i) =>
      Object.values(errors).reduce((sum, column) => sum + (column[i] ?? 0), 0),
    );
    const highest = startMs.map((_, i) => Math.max(0, ...stack.map((column) => column[i] ?? 0)));
    const widths = result.timeline.widthMs;
    for (const [i, sum] of sums.entries()) {
      expect(highest[i]).toBeCloseTo((sum * 1000) / (widths[i] ?? 0), 1);
    }
    expect(Math.max(...sums)).toBeGreaterThan(0);
  });

  it('has drawn the line where the values are, and nothing there in the outage', async () => {
    const { page } = await opened();
    const { fromMs, toMs } = await windowOf(page);
    const rates = ratesOf('rw', result);
    const { startMs, widthMs } = result.timeline;
    const inView = rates
      .map((rate, i) => ({ rate, x: (startMs[i] ?? 0) + (widthMs[i] ?? 0) / 2 }))
      .filter(({ x }) => x > fromMs + 200 && x < toMs - 200);
    const drawn = await Promise.all(
      inView.map(({ x, rate }) => isDrawnAt(page, 'throughput-rw', { x, y: rate })),
    );
    // A vertical mark may lie over one or two.
    expect(drawn.filter((each) => each).length).toBeGreaterThan(0.93 * inView.length);

    const downtime = result.analysis.rounds[0]?.writeDowntime;
    const middle = ((downtime?.fromMs ?? 0) + (downtime?.toMs ?? 0)) / 2;
    expect(downtime?.outage).toBe(true);
    expect(rates[bucketAt(middle, result)]).toBe(0);
    const half = Math.max(...inView.map(({ rate }) => rate)) / 2;
    expect(await isDrawnAt(page, 'throughput-rw', { x: middle, y: 0 })).toBe(true);
    expect(await isDrawnAt(page, 'throughput-rw', { x: middle, y: half })).toBe(false);
  });

  it('shows the fault at first, and draws lanes on the same axis', async () => {
    const { page } = await opened();
    const asked = result.faults[0]?.askedAtMs ?? 0;
    const { fromMs, toMs } = await windowOf(page);
    expect(fromMs).toBeCloseTo(asked - 5000, 0);
    expect(toMs).toBeLessThanOrEqual(endOf(result));

    const taken = result.events.find(({ kind }) => kind === 'leader_key_taken');
    const leader = page.locator('.lane-group[aria-label="Leader key"] rect.span');
    const titles = await leader.locator('title').allTextContents();
    const spans = titles.map((title) => title.split(': ')[0]);
    expect(spans.at(-1)).toBe(taken?.to);
    expect(spans[0]).toBe(result.faults[0]?.subject);
    const x = Number(await leader.last().getAttribute('x'));
    const at = await page.evaluate((ms) => {
      const u = pghaBench.timelines[0]?.charts.get('latency');
      return u === undefined ? Number.NaN : u.valToPos(ms, 'x') + u.bbox.left / devicePixelRatio;
    }, taken?.atMs ?? 0);
    expect(Math.abs(x - at)).toBeLessThan(1);

    const labels = await page.locator('.lane-label').allTextContents();
    const servers = result.events.filter(({ layer }) => layer === 'haproxy').map(({ subject }) => subject);
    expect(labels).toEqual(
      expect.arrayContaining([...new Set(servers), 'n1', 'n2', 'n3', 'no writes', 'stalls']),
    );
    const fault = await page.locator('.ruler .mark-text.fault').allTextContents();
    expect(fault.join()).toContain(`switchover ${result.faults[0]?.subject}`);
    // Whoever acknowledged writes has a lane that says when.
    const writers = await page.locator('.lane-group[aria-label="Writes by"] .lane-label').allTextContents();
    expect(writers).toHaveLength(Object.keys(result.timeline.writers).length);
  });

  it('says what came of it first, in the words of the terminal', async () => {
    const { page } = await opened();
    const verdict = await page.locator('.verdict').innerText();
    const [round] = result.analysis.rounds;
    expect(verdict).toContain(
      `no writes for ${formatMicros((round?.writeDowntime?.durationMs ?? 0) * 1000)}`,
    );
    expect(verdict).toMatch(/none of [\d,]+ acknowledged commits lost/);
    const stages = await page.locator('table.waterfall tbody tr').count();
    expect(stages).toBe(round?.stages.filter(({ atMs }) => atMs !== null).length);
    const codes = await page.locator('table.errors tbody th code').allTextContents();
    expect(new Set(codes)).toEqual(new Set(result.errors.map(({ code }) => code)));
    const settings = await page.locator('table.settings tbody tr').count();
    expect(settings).toBe(Object.keys(result.cluster.settings).length);
  });

  it('shows the values of the instant under the mouse, of all charts and lanes', async () => {
    const { page } = await opened();
    const box = await placeOf(page, 'latency');
    const { fromMs, toMs } = await windowOf(page);
    const bucket = bucketAt(fromMs + 0.1 * (toMs - fromMs), result);
    // Not on the edge between two.
    const atMs = (result.timeline.startMs[bucket] ?? 0) + (result.timeline.widthMs[bucket] ?? 0) / 2;
    await page.mouse.move(box.x + (box.width * (atMs - fromMs)) / (toMs - fromMs), box.y + 40);
    const values = await page.locator('.timeline .legend-value').allTextContents();
    expect(values.slice(0, 3)).toEqual([
      `${formatRate(ratesOf('rw', result)[bucket] ?? -1)} tps`,
      `${formatRate(ratesOf('ro', result)[bucket] ?? -1)} tps`,
      formatMicros(result.timeline.p50Us[bucket] ?? -1),
    ]);
    await page.locator('.cursor').waitFor({ state: 'visible' });
    expect(await page.locator('.cursor').getAttribute('data-at')).toMatch(/^\d+\.\d\d s/);
    const leader = page.locator('.lane-group[aria-label="Leader key"] .lane-state');
    expect(await leader.textContent()).toBe(result.faults[0]?.subject);

    await page.mouse.move(box.x + box.width * 0.999, box.y + 40);
    const taken = result.events.find(({ kind }) => kind === 'leader_key_taken');
    expect(await leader.textContent()).toBe(taken?.to);
    await page.mouse.move(5, 5);
    await page.locator('.cursor').waitFor({ state: 'hidden' });
    expect(await leader.textContent()).toBe('');
  });

  it('zooms all charts and lanes by a drag, back by a double click, and by buttons', async () => {
    const { page } = await opened();
    const before = await windowOf(page);
    const box = await placeOf(page, 'latency');
    await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60, { steps: 4 });
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
    await page.mouse.up();
    const zoomed = await windowOf(page);
    const length = before.toMs - before.fromMs;
    const pixelMs = length / box.width;
    expect(Math.abs(zoomed.fromMs - (before.fromMs + length / 4))).toBeLessThan(3 * pixelMs);
    expect(Math.abs(zoomed.toMs - (before.fromMs + length / 2))).toBeLessThan(3 * pixelMs);
    const scales = await page.evaluate(() =>
      [...(pghaBench.timelines[0]?.charts.values() ?? [])].map(({ scales: { x } }) => [x?.min, x?.max]),
    );
    expect(scales).toEqual(scales.map(() => [zoomed.fromMs, zoomed.toMs]));

    await page.locator('figure.throughput-rw .u-over').dblclick();
    expect(await windowOf(page)).toEqual({ fromMs: 0, toMs: endOf(result) });
    const whole = page.getByRole('button', { name: 'Whole run' });
    expect(await whole.getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('button', { name: 'Fault', exact: true }).click();
    expect(await windowOf(page)).toEqual(before);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    const closer = await windowOf(page);
    expect(closer.toMs - closer.fromMs).toBeCloseTo(length / 2, 3);
  });

  it('does all of that by keys alone, and tells the instant to who does not see it', async () => {
    const { page } = await opened();
    const first = await windowOf(page);
    const slider = page.getByRole('slider', { name: 'Instant on the timeline' });
    await slider.focus();
    await page.keyboard.press('0');
    expect(await windowOf(page)).toEqual({ fromMs: 0, toMs: endOf(result) });
    await page.keyboard.press('1');
    expect(await windowOf(page)).toEqual(first);
    await page.keyboard.press('+');
    const closer = await windowOf(page);
    expect(closer.toMs - closer.fromMs).toBeCloseTo((first.toMs - first.fromMs) / 2, 3);
    await page.keyboard.press('PageUp');
    expect((await windowOf(page)).fromMs).toBeLessThan(closer.fromMs);
    await page.keyboard.press('Escape');
    expect(await windowOf(page)).toEqual(first);

    const instant = async () => page.evaluate(() => pghaBench.timelines[0]?.view.instantMs ?? null);
    await page.keyboard.press('ArrowRight');
    const one = await instant();
    await page.keyboard.press('ArrowRight');
    const two = await instant();
    expect(bucketAt(two ?? 0, result) - bucketAt(one ?? 0, result)).toBe(1);
    const said = await slider.getAttribute('aria-valuetext');
    const bucket = bucketAt(two ?? 0, result);
    expect(said).toContain(`rw ${formatRate(ratesOf('rw', result)[bucket] ?? -1)} tps`);
    expect(said).toMatch(/Leader key etcd: (n\d|nobody)/);
  });

  it('tells the values in sight as a table', async () => {
    const { page } = await opened();
    await page.locator('details.values > summary').click();
    const rows = page.locator('.values-table tbody tr');
    const { fromMs } = await windowOf(page);
    const bucket = bucketAt(fromMs, result);
    const cells = await rows.first().locator('td').allTextContents();
    expect(cells[0]).toBe(formatRate(ratesOf('rw', result)[bucket] ?? -1));
    expect(cells[2]).toBe(formatMicros(result.timeline.p50Us[bucket] ?? -1));
  });

  it('draws the percentiles of the run and of its phases', async () => {
    const { page } = await opened();
    const drawn = await page.evaluate(() => {
      const u = pghaBench.spectra.get('run1');
      return (u?.series ?? []).slice(1).map(({ label }, index) => ({
        label: String(label),
        values: [...(u?.data[index + 1] ?? [])].filter((value) => typeof value === 'number'),
      }));
    });
    const { spectra } = result.totals;
    const whole = drawn.find(({ label }) => label === 'whole run');
    expect(whole?.values.at(-1)).toBe(spectra.response?.valuesUs.at(-1));
    expect(new Set(whole?.values)).toEqual(new Set(spectra.response?.valuesUs));
    expect(drawn.map(({ label }) => label)).toEqual(expect.arrayContaining(['before', 'during']));
  });

  it('asks for nothing, and complains of nothing, in either theme and on a narrow screen', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        const options = { colorScheme, viewport: { width, height: 900 } };
        const { page, requests, complaints } = await openFile(browser, fileOf('theme', result), options);
        const ground = async () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const first = await ground();
        expect(first).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(15, 18, 23)');
        await page.locator('button.theme').click();
        expect(await ground()).not.toBe(first);
        // Nothing is wider than the screen, but what scrolls in itself.
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        expect(requests).toHaveLength(1);
        expect(complaints).toEqual([]);
        await page.context().close();
      }
    }
  });
});

describe('paper', () => {
  it('is light, and holds the charts in its width', async () => {
    const { page } = await openFile(browser, fileOf('paper', result), { colorScheme: 'dark' });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe('rgb(255, 255, 255)');
    const widths = await page.evaluate(() =>
      [...document.querySelectorAll('.uplot')].map((each) => each.clientWidth),
    );
    expect(Math.max(...widths)).toBeLessThanOrEqual(720);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  });
});

describe('a page of several runs', () => {
  it('has a tab for each, and every id once', async () => {
    const { page, complaints } = await openFile(browser, fileOf('several', result, result));
    const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id));
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(await page.locator('#run2').isVisible()).toBe(false);
    await page.getByRole('tab', { name: 'run 2' }).click();
    expect(await page.locator('#run1').isVisible()).toBe(false);
    const charts = await page.evaluate(() => pghaBench.timelines.map(({ charts: { size } }) => size));
    expect(charts[1]).toBeGreaterThan(1);
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('#run1').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });
});

describe('a result full of markup', () => {
  it('injects nothing, even where the policy of the page is not kept', async () => {
    const gate = {
      expression: 'lost == 0',
      passed: false,
      measured: 1,
      limit: 0,
      unit: 'count',
      text: 'one',
    } as const;
    const hostile = hostileOf({ ...result, gates: [gate] });
    const file = fileOf('hostile', hostile);
    for (const bypassCSP of [false, true]) {
      const { page, requests, complaints } = await openFile(browser, file, { bypassCSP });
      await page.locator('details').evaluateAll((all) => {
        for (const details of all) {
          (details as HTMLDetailsElement).open = true;
        }
      });
      await page.locator('summary').first().hover();
      const found = await page.evaluate(() => ({
        hit: 'hit' in globalThis,
        foreign: document.querySelectorAll('img, b, i:not([class]), iframe, object, embed').length,
        handlers: [...document.querySelectorAll('*')].filter((each) =>
          [...each.attributes].some(({ name }) => name.startsWith('on')),
        ).length,
        scripts: document.scripts.length,
        text: document.body.innerText,
      }));
      expect(found).toMatchObject({ hit: false, foreign: 0, handlers: 0, scripts: 2 });
      expect(requests).toHaveLength(1);
      expect(complaints).toEqual([]);
      // It is there, as text: in messages, names and settings.
      expect(found.text.split('</script><img src=x').length).toBeGreaterThan(50);
      expect(HOSTILE).toContain('</script><img src=x');
      await page.context().close();
    }
  });
});

describe('the page of a comparison', () => {
  async function comparisonOf(name: string, ...results: readonly Result[]): Promise<string> {
    const named = results.map((each, index) => ({
      name: `run ${index + 1}`,
      directory: join(cli.directory, index === 0 ? 'out' : 'other'),
      result: each,
    }));
    const [base, ...candidates] = named;
    if (base === undefined) {
      throw new Error('nothing to compare');
    }
    const file = join(scratch, `${name}.html`);
    writeFileSync(file, renderComparisonHtml(await compare(base, candidates, { anyway: true })));
    return file;
  }

  it('lays real runs over each other at the instant of the fault', async () => {
    const { page, requests, complaints } = await openFile(browser, await comparisonOf('two', result, other));
    const data = await page.evaluate(() => {
      const column = pghaBench.overlay?.charts.get('rw')?.data ?? [];
      return [...column].map((each) => [...each].map((value) => value ?? null));
    });
    const [xs = [], ...lines] = data;
    for (const [index, run] of [result, other].entries()) {
      const asked = run.faults[0]?.askedAtMs ?? 0;
      const rates = ratesOf('rw', run);
      let compared = 0;
      for (const [i, x] of xs.entries()) {
        const value = lines[index]?.[i] ?? null;
        if (value !== null && x !== null) {
          // The edges of buckets are told to the µs.
          const bucket = run.timeline.startMs.findLastIndex((from) => from <= asked + x + 0.01);
          expect(value).toBeCloseTo(rates[bucket] ?? -1, 1);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(100);
    }
    const titles = await page.locator('rect.span.outage title').allTextContents();
    const first = result.analysis.rounds[0]?.writeDowntime;
    const from = ((first?.fromMs ?? 0) - (result.faults[0]?.askedAtMs ?? 0)) / 1000;
    expect(titles[0]).toContain(`away: ${from.toFixed(3)} s`);
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it('points and zooms by mouse and by keys, and shows another round when asked to', async () => {
    const six = roundSample('six rounds');
    const { page, complaints } = await openFile(browser, await comparisonOf('six', six, six));
    const shown = async () =>
      page.evaluate(() => {
        const { fromMs = 0, toMs = 0 } = pghaBench.overlay?.view.window ?? {};
        return { fromMs, toMs };
      });
    const before = await shown();
    expect(before.fromMs).toBe(-5000);
    const box = await placeOf(page, 'p99');
    await page.mouse.move(box.x + box.width / 2, box.y + 30);
    const at = await page.locator('.cursor').getAttribute('data-at');
    expect(at).toMatch(/^\+\d+\.\d\d s$/);
    const values = await page.locator('figure.rw .legend-value').allTextContents();
    expect(values.every((value) => /tps$/.test(value))).toBe(true);
    await page.getByRole('slider').focus();
    await page.keyboard.press('+');
    const zoomed = await shown();
    expect(zoomed.toMs - zoomed.fromMs).toBeCloseTo((before.toMs - before.fromMs) / 2, 3);

    const line = async () => page.evaluate(() => [...(pghaBench.overlay?.charts.get('rw')?.data[1] ?? [])]);
    const median = await line();
    const choice = page.locator('.choices select').first();
    await choice.selectOption('5');
    expect(await line()).not.toEqual(median);
    expect(await choice.locator('option').count()).toBe(6);
    expect(complaints).toEqual([]);
  });

  it('injects nothing of a result full of markup', async () => {
    const file = await comparisonOf('hostile', hostileOf(result), other);
    const { page, requests, complaints } = await openFile(browser, file, { bypassCSP: true });
    const found = await page.evaluate(() => ({
      hit: 'hit' in globalThis,
      foreign: document.querySelectorAll('img, b, iframe').length,
      scripts: document.scripts.length,
    }));
    expect(found).toEqual({ hit: false, foreign: 0, scripts: 2 });
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });
});

describe('what every page holds', () => {
  it('is no longer than counted in the tests of its size, and keeps the licence of uPlot', () => {
    const { script, style } = pageAssets();
    expect(script.length).toBeLessThan(100_000);
    expect(style.length).toBeLessThan(30_000);
    for (const text of [script, style]) {
      expect(text).toContain('The MIT License (MIT)');
      expect(text).toContain('Leon Sorokin');
    }
  });
});
