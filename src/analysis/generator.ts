import type { CapacityFacts, GeneratorFacts, ThreadFacts } from '../result/generator.js';
import { formatRate } from '../units.js';

/** Above this share of a core a thread has next to nothing left when replies come in a bunch. */
const MOST_CPU = 0.9;

/** Above this share of the time without a core that a thread could have used, latencies are those of its machine. */
const MOST_WAITING = 0.2;

/** Above this a thread is late by as much as a probe's cadence. */
const MOST_DELAY_US = 20_000;

/**
 * Whether the generator disturbed what it measured.
 * @param cpu of the whole process, µs, from the start of the load to its end
 * @param threads the main thread first
 * @param elapsedMs how long the load took
 * @param capacity the load against what its workers can do
 */
export function generatorFacts(
  cpu: NodeJS.CpuUsage,
  threads: readonly ThreadFacts[],
  elapsedMs: number,
  capacity: CapacityFacts,
): GeneratorFacts {
  const problem = elapsedMs > 0 ? worstOf(threads, elapsedMs, capacity) : undefined;
  return {
    cpuUserMs: cpu.user / 1000,
    cpuSystemMs: cpu.system / 1000,
    threads,
    verdict: problem ?? praise(threads, elapsedMs),
    healthy: problem === undefined,
    capacity,
  };
}

/** What keeps a thread from the rest first: a lack of cores makes it late, too. */
function worstOf(
  threads: readonly ThreadFacts[],
  elapsedMs: number,
  { limited, tps, share: taken }: CapacityFacts,
): string | undefined {
  const waiting = highest(threads, (thread) => share(thread.waitedForCpuMs, elapsedMs));
  if (waiting !== undefined && waiting.value > MOST_WAITING) {
    return (
      `The generator was short of CPU: its ${waiting.thread.name} was ready to run and got no core for ` +
      `${percent(waiting.value)} of the time, and latencies hold that wait. ` +
      'Use fewer --clients, or run pgha-bench on another machine than the servers.'
    );
  }
  if (limited && tps !== null && taken !== null) {
    return (
      `Generator limited: the load took ${percent(taken)} of what its workers can do by calibration, ` +
      `${formatRate(tps)} tps, so that they and not the servers may have limited the throughput. ` +
      'Use more --workers where there are free cores, or another machine.'
    );
  }
  const busy = highest(threads, (thread) => share(thread.cpuMs, elapsedMs));
  if (busy !== undefined && busy.value > MOST_CPU) {
    return (
      `The generator was at its limit: its ${busy.thread.name} used ${percent(busy.value)} of a core, ` +
      'so that it and not the servers may have limited the throughput. ' +
      'Use more --workers where there are free cores, fewer --clients, or another machine.'
    );
  }
  const late = highest(threads, (thread) => thread.delayP99Us);
  if (late !== undefined && late.value > MOST_DELAY_US) {
    return (
      `The generator was late: 1 % of the ticks of its ${late.thread.name} came more than ${ms(late.value)} ` +
      'after their time, and what it measured is that much too long. ' +
      'Use more --workers, fewer --clients, or another machine.'
    );
  }
  return undefined;
}

function praise(threads: readonly ThreadFacts[], elapsedMs: number): string {
  const busy = highest(threads, (thread) => share(thread.cpuMs, elapsedMs));
  const waiting = highest(threads, (thread) => share(thread.waitedForCpuMs, elapsedMs));
  const late = highest(threads, (thread) => thread.delayP99Us);
  const figures = [
    busy === undefined ? undefined : `at most ${percent(busy.value)} of a core in one thread`,
    waiting === undefined ? undefined : `${percent(waiting.value)} of the time without one`,
    late === undefined ? undefined : `99 % of its ticks at most ${ms(late.value)} late`,
  ].filter((figure) => figure !== undefined);
  return figures.length === 0
    ? "Nothing is known of the generator's own health: this system tells nothing of its threads."
    : `The generator kept up: ${figures.join(', ')}.`;
}

interface Highest {
  readonly thread: ThreadFacts;
  readonly value: number;
}

/** The thread of which `read` is highest; undefined where it is known of none. */
function highest(
  threads: readonly ThreadFacts[],
  read: (thread: ThreadFacts) => number | null,
): Highest | undefined {
  let found: Highest | undefined;
  for (const thread of threads) {
    const value = read(thread);
    if (value !== null && (found === undefined || value > found.value)) {
      found = { thread, value };
    }
  }
  return found;
}

function share(partMs: number | null, wholeMs: number): number | null {
  return partMs === null || wholeMs <= 0 ? null : partMs / wholeMs;
}

function percent(value: number): string {
  return `${Math.round(100 * value)} %`;
}

function ms(valueUs: number): string {
  return `${(valueUs / 1000).toFixed(1)} ms`;
}
