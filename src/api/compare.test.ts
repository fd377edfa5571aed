import { describe, expect, it } from 'vitest';
import { madeRun } from '../compare/results.fixture.js';
import { UserError } from '../errors.js';
import { COMPARISON_FORMATS, type ComparisonFormat, compare, renderComparison } from './compare.js';

const BASE = madeRun({ name: 'stock', downtimesMs: [5708, 6650, 6303, 5554] });
const CANDIDATE = madeRun({ name: 'fast', downtimesMs: [1683, 1360, 1385, 1304] });

describe('compare', () => {
  it('refuses an option that there is not', async () => {
    // As a program without types calls it.
    const options = { anyways: true } as object;
    const failure = compare(BASE, [CANDIDATE], options);
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toThrow("compare has no option 'anyways'. Did you mean 'anyway'?");
  });

  it.each([[[]], [undefined]])('asks for a candidate where they are %j', async (candidates) => {
    const failure = compare(BASE, candidates as never);
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toThrow(
      /^Expected a base and at least one candidate, found a base alone\.$/,
    );
  });
});

describe('renderComparison', () => {
  it('tells the same in lines and as data', async () => {
    const comparison = await compare(BASE, [CANDIDATE]);
    expect(renderComparison(comparison, 'terminal')).toMatch(/^fast against stock\n/);
    const wide = { columns: 100, color: false, unicode: false };
    expect(renderComparison(comparison, 'terminal', { terminal: wide })).toContain('-'.repeat(100));
    const { base, rows } = JSON.parse(renderComparison(comparison, 'json'));
    expect(base).toEqual({
      name: 'stock',
      directory: null,
      id: expect.any(String),
      startedAt: expect.any(String),
    });
    expect(rows).toEqual(comparison.rows);
  });

  it('refuses a form that there is not', async () => {
    const comparison = await compare(BASE, [CANDIDATE]);
    expect(() => renderComparison(comparison, 'htm' as ComparisonFormat)).toThrow(
      /found 'htm'\. Did you mean 'html'\?/,
    );
    expect(COMPARISON_FORMATS).toContain('html');
  });
});
