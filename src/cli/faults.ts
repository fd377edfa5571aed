import { predictedDowntime } from '../analysis/predict.js';
import type { Arguments } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { labTarget, patroniTarget, TARGET_FLAGS } from '../api/target.js';
import { clusterFacts } from '../cluster/facts.js';
import type { Fault, FaultOption } from '../faults/fault.js';
import { FAULTS } from '../faults/registry.js';
import { wrap } from '../report/terminal/text.js';
import type { ClusterFacts } from '../result/result.js';
import type { Range } from '../result/round.js';
import { formatMillis } from '../units.js';

/** Whose settings the expected downtimes are of. */
export const FAULTS_FLAGS: Flags = Object.fromEntries(
  Object.entries(TARGET_FLAGS).filter(([name]) => name === 'lab' || name.startsWith('patroni')),
);

type Settings = ClusterFacts['settings'];

/** `pgha-bench faults`. @returns the exit code */
export async function faults(args: Arguments): Promise<number> {
  const settings = await settingsOf(args);
  process.stdout.write(listOf(FAULTS, settings, process.stdout.columns || 80));
  return EXIT.ok;
}

/** Of the cluster that was given, or else of the lab that is up; null without either. */
async function settingsOf(args: Arguments): Promise<Settings | null> {
  const patroni = await patroniTarget(args);
  if (patroni !== undefined) {
    const { urls, access } = patroni;
    const endpoint = { host: '', port: 0, user: '', database: '', sslMode: 'disable' } as const;
    const target = { kind: 'cluster', name: 'cluster', rw: endpoint, patroni: urls } as const;
    return (await clusterFacts(target, null, {}, access)).settings;
  }
  const lab = await labTarget(args);
  return lab === undefined ? null : (await clusterFacts(lab.target, null, lab.settings)).settings;
}

/** Every fault with all that is to be known before it is used, at most so many columns wide. */
export function listOf(list: readonly Fault[], settings: Settings | null, columns: number): string {
  const lines = list.flatMap((fault) => [...entryOf(fault, settings, columns), '']);
  const hint =
    "They stand behind --fault as KIND[:option=value,…][@TIME], several in a run; one without a time comes in its middle, and the name of an option in brackets may be left out. A value with a comma or an @ in it stands in quotes: exec:'COMMAND'@20s.";
  return `${[...lines, ...wrap(hint, columns)].join('\n')}\n`;
}

const NEEDS: Readonly<Record<Fault['needs'], string>> = {
  patroni: 'a cluster with Patroni',
  lab: 'a lab',
  exec: 'any target',
};

function entryOf(fault: Fault, settings: Settings | null, columns: number): string[] {
  const expected = expectedText(fault.kind, settings);
  const facts: readonly (readonly [string, string])[] = [
    ['exercises', fault.exercises],
    ...fault.options.map((option) => [titleOf(option), option.summary] as const),
    ...(expected === null ? [] : [['downtime', expected] as const]),
  ];
  const width = Math.max(...facts.map(([title]) => title.length));
  return [
    `${fault.kind}  on ${NEEDS[fault.needs]}`,
    ...hanging('  ', fault.summary, columns),
    ...facts.flatMap(([title, text]) => hanging(`  ${title.padEnd(width)}  `, text, columns)),
  ];
}

function titleOf({ name, isFirst, any }: FaultOption): string {
  const title = any === true ? `${name}=VALUE` : `${name}=`;
  return isFirst === true ? `[${title}]` : title;
}

/**
 * The write downtime to expect from the cluster's own settings, in words; null where nobody can tell.
 * @param settings as ClusterFacts has them; null when there is no cluster to ask
 */
export function expectedText(kind: string, settings: Settings | null): string | null {
  const prediction = settings === null ? null : predictedDowntime(kind, settings);
  if (prediction === null) {
    return null;
  }
  const names = [...new Set(prediction.parts.flatMap((part) => part.settings))];
  const by = names.length === 0 ? '' : `, by ${names.join(', ')}`;
  return `${rangeText(prediction)}${by}`;
}

function rangeText({ minMs, maxMs }: Range): string {
  if (maxMs === null) {
    return minMs > 0 ? `at least ${formatMillis(minMs)}` : 'any';
  }
  if (maxMs === 0) {
    return 'none';
  }
  return minMs > 0 ? `${formatMillis(minMs)} to ${formatMillis(maxMs)}` : `at most ${formatMillis(maxMs)}`;
}

/** A paragraph behind a head; further lines stand under the first. */
function hanging(head: string, text: string, columns: number): string[] {
  const margin = ' '.repeat(head.length);
  return wrap(text, columns - head.length).map((line, index) => `${index === 0 ? head : margin}${line}`);
}
