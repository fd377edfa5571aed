import { didYouMean } from '../plan/nearest.js';
import { type FigureName, PHASES, type Phase, type Statistic } from './expression.js';
import type { Metric, Part } from './metric.js';
import { METRICS } from './metrics.js';
import { PARTS } from './parts.js';
import { quoted, type Scanner } from './scanner.js';

export interface KnownFigure {
  readonly metric: Metric;
  readonly figure: FigureName;
}

/**
 * Reads `name[part].statistic@phase`.
 * @throws UserError where there is no such figure
 */
export function readFigure(scanner: Scanner): KnownFigure {
  scanner.skipSpace();
  const metric = readMetric(scanner);
  const part = readPart(scanner, metric);
  const statistic = readStatistic(scanner, metric);
  const phase = readPhase(scanner, metric, part);
  return { metric, figure: { metric: metric.name, part, statistic, phase } };
}

/** A word ends where the grammar goes on. */
const WORD = /[^\s[\].@<>=!]+/;

function readMetric(scanner: Scanner): Metric {
  const { at } = scanner;
  const name = scanner.take(WORD);
  if (name === undefined) {
    throw scanner.complain(
      `Expected a metric, as in 'write_downtime.p95 < 10s'; found ${scanner.next}. 'pgha-bench gate --list' names them all.`,
    );
  }
  const metric = METRICS.find((each) => each.name === name);
  if (metric === undefined) {
    const meant = didYouMean(
      name,
      METRICS.map((each) => each.name),
    );
    throw scanner.complain(
      `There is no metric ${quoted(name)}.${meant} 'pgha-bench gate --list' names them all.`,
      at,
    );
  }
  return metric;
}

function readPart(scanner: Scanner, metric: Metric): string | null {
  const { at } = scanner;
  if (scanner.take(/\[/) === undefined) {
    return null;
  }
  const inside = scanner.at;
  const part = (scanner.take(/[^\]]*/) ?? '').trim();
  if (scanner.take(/\]/) === undefined) {
    throw scanner.complain(`Expected ']' behind ${quoted(`${metric.name}[${part}`)}.`);
  }
  if (metric.part === null) {
    throw scanner.complain(`${metric.name} has no parts: leave ${quoted(`[${part}]`)} out.`, at);
  }
  const problem = partProblem(part, metric.part);
  if (problem !== null) {
    throw scanner.complain(problem, inside);
  }
  return part;
}

function partProblem(part: string, kind: Part): string | null {
  const { what, examples, known, isKnown } = PARTS[kind];
  if (isKnown(part)) {
    return null;
  }
  return `Expected ${what} in brackets, such as ${examples}; found ${quoted(part)}.${didYouMean(part, known)}`;
}

/** Other words for a statistic, where a metric has only the one of them. */
const SAME: Readonly<Record<string, Statistic>> = {
  median: 'p50',
  p50: 'median',
  avg: 'mean',
  average: 'mean',
  minimum: 'min',
  maximum: 'max',
  worst: 'max',
  p999: 'p99.9',
};

function readStatistic(scanner: Scanner, metric: Metric): Statistic | null {
  if (scanner.take(/\./) === undefined) {
    if (metric.statistics.length > 0 && metric.usual === null) {
      throw scanner.complain(`${metric.name} is a distribution: say which figure of it, ${ways(metric)}.`);
    }
    return null;
  }
  const { at } = scanner;
  // p99.9 is the one with a dot in it.
  const word = scanner.take(/p\d+\.\d+/) ?? scanner.take(WORD) ?? '';
  const same = Object.hasOwn(SAME, word) ? SAME[word] : undefined;
  const statistic =
    metric.statistics.find((each) => each === word) ?? metric.statistics.find((each) => each === same);
  if (statistic !== undefined) {
    return statistic;
  }
  if (metric.statistics.length === 0) {
    throw scanner.complain(`${metric.name} is a single figure: leave ${quoted(`.${word}`)} out.`, at);
  }
  const found = word === '' ? scanner.next : quoted(word);
  throw scanner.complain(
    `${metric.name} has no statistic ${found}.${didYouMean(word, metric.statistics)} It has ${metric.statistics.join(', ')}.`,
    at,
  );
}

function ways({ name, statistics }: Metric): string {
  return statistics.map((statistic) => `${name}.${statistic}`).join(', ');
}

function readPhase(scanner: Scanner, metric: Metric, part: string | null): Phase | null {
  const sign = scanner.at;
  if (scanner.take(/@/) === undefined) {
    return null;
  }
  const { at } = scanner;
  const word = scanner.take(WORD) ?? '';
  const phase = PHASES.find((each) => each === word);
  if (phase === undefined) {
    const found = word === '' ? scanner.next : quoted(word);
    throw scanner.complain(
      `Expected a phase, one of ${PHASES.join(', ')}; found ${found}.${didYouMean(word, PHASES)}`,
      at,
    );
  }
  if (!metric.phases) {
    throw scanner.complain(`${metric.name} is not told by phase: leave '@${phase}' out.`, sign);
  }
  if (part !== null) {
    throw scanner.complain(
      `${metric.name} is told by phase for the load as a whole: leave '@${phase}' or '[${part}]' out.`,
      sign,
    );
  }
  return phase;
}
