import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ThreadFacts } from '../result/generator.js';
import { generatorFacts } from './generator.js';

const CPU = { user: 4_000_000, system: 1_000_000 };
const ELAPSED_MS = 10_000;
const UNKNOWN = { calibratedAt: null, tps: null, share: null, limited: false, missing: 'Not calibrated.' };
const NEAR = {
  calibratedAt: '2025-11-01T00:00:00.000Z',
  tps: 50_000,
  share: 0.87,
  limited: true,
  missing: null,
};

function thread(name: string, part: Partial<ThreadFacts> = {}): ThreadFacts {
  return {
    name,
    cpuMs: 3000,
    waitedForCpuMs: 100,
    delayP50Us: 100,
    delayP99Us: 2000,
    delayMaxUs: 9000,
    gcCount: 3,
    gcTotalMs: 2,
    gcMaxMs: 1,
    ...part,
  };
}

const judge = (...threads: ThreadFacts[]) => generatorFacts(CPU, threads, ELAPSED_MS, UNKNOWN);

describe('the generator', () => {
  it('is well when no thread was near its limits, and says what it used', () => {
    const facts = judge(thread('main', { cpuMs: 500 }), thread('worker 0'));
    expect(facts).toMatchObject({ healthy: true, cpuUserMs: 4000, cpuSystemMs: 1000 });
    expect(facts.threads).toHaveLength(2);
    expect(facts.verdict).toBe(
      'The generator kept up: at most 30 % of a core in one thread, 1 % of the time without one, 99 % of its ticks at most 2.0 ms late.',
    );
  });

  it('was at its limit when one thread used up its core', () => {
    const facts = judge(thread('main'), thread('worker 1', { cpuMs: 9500 }), thread('worker 2'));
    expect(facts.healthy).toBe(false);
    expect(facts.verdict).toMatch(/worker 1 used 95 % of a core.*--workers/);
  });

  it('was short of CPU when a thread did not get one', () => {
    const facts = judge(thread('main'), thread('worker 0', { waitedForCpuMs: 3100 }));
    expect(facts.healthy).toBe(false);
    expect(facts.verdict).toMatch(/worker 0 .*no core for 31 % of the time.*another machine/);
  });

  it('was late when a hundredth of its ticks was', () => {
    const facts = judge(thread('main', { delayP99Us: 25_300 }), thread('worker 0'));
    expect(facts.healthy).toBe(false);
    expect(facts.verdict).toMatch(/main came more than 25\.3 ms after their time/);
  });

  it('tells of the lack of CPU first, which makes all else worse', () => {
    const all = { cpuMs: 9900, waitedForCpuMs: 4000, delayP99Us: 90_000 };
    expect(judge(thread('main', all)).verdict).toMatch(/^The generator was short of CPU/);
  });

  it('was the limit when the load came near what its workers can do', () => {
    const facts = (capacity: typeof NEAR | typeof UNKNOWN, part: Partial<ThreadFacts> = {}) =>
      generatorFacts(CPU, [thread('main'), thread('worker 0', part)], ELAPSED_MS, capacity);
    expect(facts(NEAR)).toMatchObject({ healthy: false, capacity: NEAR });
    expect(facts(NEAR).verdict).toMatch(/^Generator limited: .* 87 % .* 50,000 tps, .*--workers/);
    expect(facts({ ...NEAR, share: 0.79, limited: false })).toMatchObject({ healthy: true });
    expect(facts(NEAR, { cpuMs: 9900 }).verdict).toMatch(/^Generator limited/);
    expect(facts(NEAR, { waitedForCpuMs: 4000 })).toMatchObject({ healthy: false, capacity: NEAR });
  });

  it('is judged by what is known', () => {
    const nothing = { cpuMs: null, waitedForCpuMs: null, delayP50Us: null, delayP99Us: null };
    expect(judge(thread('main', nothing))).toMatchObject({ healthy: true });
    expect(judge(thread('main', nothing)).verdict).toMatch(/^Nothing is known/);
    expect(judge(thread('main', { ...nothing, delayP99Us: 1000 })).verdict).toBe(
      'The generator kept up: 99 % of its ticks at most 1.0 ms late.',
    );
  });

  it('is healthy exactly when every thread is within every limit', () => {
    const limited = fc.record({
      cpuMs: fc.option(fc.integer({ min: 0, max: 12_000 })),
      waitedForCpuMs: fc.option(fc.integer({ min: 0, max: 5000 })),
      delayP99Us: fc.option(fc.integer({ min: 0, max: 60_000 })),
    });
    fc.assert(
      fc.property(fc.array(limited, { maxLength: 4 }), (parts) => {
        const fine = parts.every(
          ({ cpuMs, waitedForCpuMs, delayP99Us }) =>
            (cpuMs ?? 0) <= 9000 && (waitedForCpuMs ?? 0) <= 2000 && (delayP99Us ?? 0) <= 20_000,
        );
        expect(judge(...parts.map((part, i) => thread(`worker ${i}`, part))).healthy).toBe(fine);
      }),
    );
  });
});
