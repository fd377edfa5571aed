import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { type GateOptions, gate, listMetrics, listUnits } from './gate.js';

/** As a program without types calls it. */
async function failureOf(options: object): Promise<string> {
  const failure = await gate(options as GateOptions).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  return (failure as UserError).message;
}

describe('gate', () => {
  it('refuses an option that there is not', async () => {
    expect(await failureOf({ results: ['x'], gate: ['lost == 0'] })).toBe(
      "gate has no option 'gate'. Did you mean 'gates'?",
    );
  });

  it('asks for a result', async () => {
    for (const options of [{}, { results: [] }, { results: 'mine' }]) {
      expect(await failureOf({ ...options, gates: ['lost == 0'] })).toMatch(
        /^Expected a result: .* found none\./,
      );
    }
  });
});

describe('listMetrics', () => {
  it('names what a gate can be made on, in units that are told', () => {
    const metrics = listMetrics().flatMap((form) => form.metrics);
    expect(metrics.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['write_downtime', 'lost', 'tps']),
    );
    const words = listUnits().map(({ word }) => word);
    expect(new Set(words).size).toBe(words.length);
    expect(words).toEqual(expect.arrayContaining(metrics.map(({ unit }) => unit)));
  });
});
