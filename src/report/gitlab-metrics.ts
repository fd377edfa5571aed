import { type KeyFigure, keyFigures } from '../gates/key-figures.js';
import type { GateUnit } from '../result/gate.js';
import type { NamedResult } from '../result/named.js';
import type { ReportFormat } from './format.js';

/**
 * OpenMetrics text for `artifacts:reports:metrics`. GitLab compares each line with that of the target branch, name and
 * labels together, so that these are the same from run to run.
 */
export const GITLAB_METRICS: ReportFormat = {
  name: 'gitlab-metrics',
  describe: 'GitLab: OpenMetrics text for artifacts:reports:metrics',
  extension: 'txt',
  render: (results) => renderGitlabMetrics(results),
};

export function renderGitlabMetrics(results: readonly NamedResult[]): string {
  const families = new Map<string, Family>();
  for (const { name, result } of results) {
    const run = results.length > 1 ? { run: name } : {};
    for (const figure of keyFigures(result)) {
      add(families, familyOf(figure), sampleOf(figure, run));
    }
    if (result.gates.length > 0) {
      const failed = result.gates.filter(({ passed }) => !passed).length;
      add(families, GATES, { labels: run, value: result.gates.length });
      add(families, GATES_FAILED, { labels: run, value: failed });
    }
  }
  const lines = [...families.values()].flatMap(familyLines);
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

interface FamilyHead {
  readonly name: string;
  /** In the base units of OpenMetrics; '' for a number. */
  readonly unit: '' | 'seconds' | 'ratio' | 'bytes';
  readonly help: string;
}

interface Family extends FamilyHead {
  readonly samples: Sample[];
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const GATES: FamilyHead = { name: 'pgha_gates', unit: '', help: 'gates that the run was asked to meet' };
const GATES_FAILED: FamilyHead = { name: 'pgha_gates_failed', unit: '', help: 'gates that it did not meet' };

/** Samples of one family stand together. */
function add(families: Map<string, Family>, head: FamilyHead, sample: Sample): void {
  const family = families.get(head.name) ?? { ...head, samples: [] };
  families.set(head.name, family);
  family.samples.push(sample);
}

const BASE: Readonly<Record<GateUnit, { readonly unit: FamilyHead['unit']; readonly factor: number }>> = {
  ms: { unit: 'seconds', factor: 1e3 },
  us: { unit: 'seconds', factor: 1e6 },
  percent: { unit: 'ratio', factor: 100 },
  bytes: { unit: 'bytes', factor: 1 },
  tps: { unit: '', factor: 1 },
  count: { unit: '', factor: 1 },
};

function familyOf({ metric }: KeyFigure): FamilyHead {
  const { unit } = BASE[metric.unit];
  return { name: `pgha_${metric.name}${unit === '' ? '' : `_${unit}`}`, unit, help: metric.meaning };
}

function sampleOf({ figure, metric, value }: KeyFigure, run: Readonly<Record<string, string>>): Sample {
  const { statistic, phase } = figure;
  return {
    labels: {
      ...run,
      ...(statistic === null ? {} : { statistic }),
      ...(phase === null ? {} : { phase }),
    },
    value: Number((value / BASE[metric.unit].factor).toPrecision(9)),
  };
}

function familyLines({ name, unit, help, samples }: Family): string[] {
  return [
    `# TYPE ${name} gauge`,
    ...(unit === '' ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escapeText(help)}`,
    ...samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}`),
  ];
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  // Without white space, which a line of name and value is split at.
  const parts = Object.entries(labels).map(
    ([name, value]) => `${name}="${escapeText(value.replaceAll(/[\s\p{C}]+/gu, '_'))}"`,
  );
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
