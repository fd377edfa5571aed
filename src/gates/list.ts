import type { GateUnit } from '../result/gate.js';
import { PHASES } from './expression.js';
import type { Metric } from './metric.js';
import { METRICS } from './metrics.js';
import { PARTS } from './parts.js';

/** Metrics that are asked for in the same way. */
export interface MetricForm {
  readonly group: Metric['group'];
  /** `.min .median .max, .max if none is named; @before @during @after; [rw] [ro]`; `a single figure`. */
  readonly form: string;
  readonly metrics: readonly ListedMetric[];
}

export interface ListedMetric {
  readonly name: string;
  readonly meaning: string;
  /** See {@link UNIT_WORDS}. */
  readonly unit: string;
}

/** What each unit is called, and how its values are written. */
export const UNIT_WORDS: Readonly<Record<GateUnit, { readonly word: string; readonly examples: string }>> = {
  ms: { word: 'time', examples: '10s, 500ms, 800us, 1m30s' },
  us: { word: 'time', examples: '10s, 500ms, 800us, 1m30s' },
  tps: { word: 'rate', examples: '1000, in transactions per second' },
  count: { word: 'number', examples: '0, 10' },
  percent: { word: 'percent', examples: '0.1%' },
  bytes: { word: 'size', examples: '64kB, 16MB' },
};

/** All of them in their order, but those of a group that are asked for alike beside each other. */
export function listedMetrics(): readonly MetricForm[] {
  const forms = new Map<string, MetricForm & { readonly metrics: ListedMetric[] }>();
  for (const metric of METRICS) {
    const { group, name, meaning, unit } = metric;
    const form = formOf(metric);
    const key = `${group} ${form}`;
    const own = forms.get(key) ?? { group, form, metrics: [] };
    own.metrics.push({ name, meaning, unit: UNIT_WORDS[unit].word });
    forms.set(key, own);
  }
  return [...forms.values()];
}

function formOf({ statistics, usual, phases, part, perRound }: Metric): string {
  const words = statistics.map((each) => `.${each}`).join(' ');
  const alone = statistics.length === 1 ? ' or nothing' : ` (.${usual} if none is named)`;
  const otherwise = usual === null ? '' : alone;
  const parts = [
    statistics.length === 0 ? '' : `${words}${perRound === null ? '' : ' over rounds'}${otherwise}`,
    phases ? PHASES.map((each) => `@${each}`).join(' ') : '',
    part === null ? '' : PARTS[part].forms,
  ];
  return parts.filter(Boolean).join('; ') || 'a single figure';
}
