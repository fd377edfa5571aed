import type { Pace, Plan, ScriptPlan } from '../plan/plan.js';
import type { NamedResult } from '../result/named.js';
import { formatDuration, formatRate } from '../units.js';
import type { Finding } from './comparison.js';
import { countText, listText } from './words.js';

/**
 * What makes results not comparable: another load, other faults, or one that cannot be trusted. Empty when nothing does.
 */
export function findingsOf(base: NamedResult, candidates: readonly NamedResult[]): readonly Finding[] {
  return [
    ...trustOf(base),
    ...candidates.flatMap((candidate) => [
      ...trustOf(candidate),
      ...sameRun(base, candidate),
      ...ASPECTS.flatMap((aspect) => between(base, candidate, aspect)),
      ...optionsBetween(base, candidate),
      ...scriptsBetween(base, candidate),
    ]),
  ];
}

/** Whether the figures of a result are the cluster's at all. */
function trustOf({ name, result: { generator, run } }: NamedResult): readonly Finding[] {
  const findings: Finding[] = [];
  if (!generator.healthy) {
    const [what = ''] = generator.verdict.split(/(?<=\.)\s/);
    findings.push({ name, what: 'generator', text: `${name}: ${lowerFirst(what)}` });
  }
  if (run.status === 'broken') {
    findings.push({ name, what: 'status', text: `${name} broke off: its target never came back.` });
  }
  return findings;
}

function sameRun(base: NamedResult, candidate: NamedResult): readonly Finding[] {
  const isSame = base.result.run.id === candidate.result.run.id;
  const text = `${candidate.name} and ${base.name} are the same run.`;
  return isSame ? [{ name: candidate.name, what: 'same_run', text }] : [];
}

interface Aspect {
  readonly what: string;
  /** In words: two results that say the same are comparable in it. */
  readonly of: (named: NamedResult) => string;
}

const ASPECTS: readonly Aspect[] = [
  { what: 'workload', of: ({ result }) => `ran ${result.plan.workload.name}` },
  { what: 'clients', of: ({ result }) => `had ${result.plan.clients} clients` },
  { what: 'pace', of: ({ result }) => `went ${paceText(result.plan)}` },
  { what: 'protocol', of: ({ result }) => `used the ${result.plan.protocol} protocol` },
  { what: 'connections', of: ({ result }) => connectionsText(result.plan) },
  { what: 'fault', of: ({ result }) => faultsText(result.plan) },
];

function between(base: NamedResult, candidate: NamedResult, { what, of }: Aspect): readonly Finding[] {
  const [before, after] = [of(base), of(candidate)];
  const text = `${candidate.name} ${after}, ${base.name} ${before}.`;
  return before === after ? [] : [{ name: candidate.name, what, text }];
}

function paceText({ pace, latencyLimitMs }: Plan): string {
  const limit = latencyLimitMs === null ? '' : ` with a latency limit of ${formatDuration(latencyLimitMs)}`;
  return `${rateText(pace)}${limit}`;
}

function rateText(pace: Pace): string {
  if (pace.kind === 'closed') {
    return 'as fast as it was answered';
  }
  const stages = pace.stages.map(({ durationMs, fromTps, toTps }) => {
    const rate = fromTps === toTps ? formatRate(fromTps) : `${formatRate(fromTps)} to ${formatRate(toTps)}`;
    return durationMs === null ? `${rate} tps` : `${rate} tps for ${formatDuration(durationMs)}`;
  });
  return `at ${stages.join(', then ')}`;
}

function connectionsText({ connections, transactionsPerConnection }: Plan): string {
  const kept =
    transactionsPerConnection === 0
      ? 'kept its connections'
      : `connected anew after ${countText(transactionsPerConnection, 'transaction')}`;
  return connections === 'per-client' ? kept : `${kept}, one for each script`;
}

/** Kinds with their options, whenever and however often they were done. */
function faultsText({ faults }: Plan): string {
  const words = faults.map(({ kind, options }) => {
    const parts = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    return parts.length === 0 ? kind : `${kind}:${parts.sort().join(',')}`;
  });
  const distinct = [...new Set(words)].sort();
  return distinct.length === 0 ? 'had no fault' : `had ${listText(distinct)}`;
}

/** They say how large the tables are. */
const SIZES: ReadonlySet<string> = new Set(['scale', 'tables', 'table-size', 'fillfactor']);

function optionsBetween(base: NamedResult, candidate: NamedResult): readonly Finding[] {
  const [before, after] = [valuesOf(base.result.plan), valuesOf(candidate.result.plan)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const { name } = candidate;
  return names.flatMap((option) => {
    const [was = 'not set', is = 'not set'] = [before[option], after[option]];
    const what = SIZES.has(option) ? 'scale' : 'workload';
    return was === is ? [] : [{ name, what, text: `${name} has ${option} ${is}, ${base.name} ${was}.` }];
  });
}

function valuesOf({ workload }: Plan): Readonly<Record<string, string>> {
  const values = [...Object.entries(workload.options), ...Object.entries(workload.variables)];
  return Object.fromEntries(values.map(([name, value]) => [name, String(value)]));
}

function scriptsBetween(base: NamedResult, candidate: NamedResult): readonly Finding[] {
  const { name } = candidate;
  const [before, after] = [base.result.plan.workload.scripts, candidate.result.plan.workload.scripts];
  const findings: Finding[] = [];
  for (const script of after) {
    const other = before.find((each) => each.name === script.name);
    findings.push(...(other === undefined ? [] : scriptFindings(name, base.name, other, script)));
  }
  const names = (scripts: readonly ScriptPlan[]) => scripts.map((script) => script.name).sort();
  const isSame = names(before).join('\n') === names(after).join('\n');
  const isTold = base.result.plan.workload.name !== candidate.result.plan.workload.name;
  if (!isSame && !isTold) {
    const text = `${name} has the scripts ${listText(names(after))}, ${base.name} ${listText(names(before))}.`;
    findings.push({ name, what: 'workload', text });
  }
  return findings;
}

function scriptFindings(name: string, baseName: string, before: ScriptPlan, after: ScriptPlan): Finding[] {
  const findings: Finding[] = [];
  const script = after.name;
  if (before.route !== after.route) {
    const text = `${name} sends ${script} to ${after.route}, ${baseName} to ${before.route}.`;
    findings.push({ name, what: 'route', text });
  }
  if (before.weight !== after.weight) {
    const text = `${name} gives ${script} the weight ${after.weight}, ${baseName} ${before.weight}.`;
    findings.push({ name, what: 'workload', text });
  }
  if (sourceOf(before) !== sourceOf(after)) {
    findings.push({
      name,
      what: 'workload',
      text: `${script} is not the same script in ${name} and ${baseName}.`,
    });
  }
  return findings;
}

/** Where the file of a function lies does not matter, and what it does is not known. */
function sourceOf({ source }: ScriptPlan): string {
  switch (source.kind) {
    case 'text':
      return `text ${source.text}`;
    case 'event':
      return `event ${source.groups.join(',')}`;
    case 'function':
      return `function ${source.script}`;
  }
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
