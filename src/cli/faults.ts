import type { Arguments } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import { describeFaults, type FaultDescription, type FaultOption } from '../api/faults.js';
import type { Flags } from '../api/flags.js';
import { TARGET_FLAGS } from '../api/target-flags.js';
import { wrap } from '../report/terminal/text.js';
import { formatMillis } from '../units.js';
import { givenBy } from './words.js';

/** Whose settings the expected downtimes are of. */
export const FAULTS_FLAGS: Flags = Object.fromEntries(
  Object.entries(TARGET_FLAGS).filter(
    ([name]) =>
      ['lab', 'target', 'target-file'].includes(name) ||
      name === 'haproxy-check' ||
      name.startsWith('patroni'),
  ),
);

/** `pgha-bench faults`. @returns the exit code */
export async function faults(args: Arguments): Promise<number> {
  const list = await describeFaults(givenBy(args));
  process.stdout.write(listOf(list, process.stdout.columns || 80));
  return EXIT.ok;
}

/** Every fault with all that is to be known before it is used, at most so many columns wide. */
export function listOf(list: readonly FaultDescription[], columns: number): string {
  const lines = list.flatMap((fault) => [...entryOf(fault, columns), '']);
  const hint =
    "They stand behind --fault as KIND[:option=value,…][@TIME], several in a run; one without a time comes in its middle, and the name of an option in brackets may be left out. A value with a comma or an @ in it stands in quotes: exec:'COMMAND'@20s.";
  return `${[...lines, ...wrap(hint, columns)].join('\n')}\n`;
}

const NEEDS: Readonly<Record<FaultDescription['needs'], string>> = {
  patroni: 'a cluster with Patroni',
  lab: 'a lab',
  exec: 'any target',
};

function entryOf(fault: FaultDescription, columns: number): string[] {
  const expected = expectedText(fault);
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

/** The write downtime to expect from the cluster's own settings, in words; null where nobody can tell. */
export function expectedText({ downtime }: Pick<FaultDescription, 'downtime'>): string | null {
  if (downtime === null) {
    return null;
  }
  const names = [...new Set(downtime.parts.flatMap((part) => part.settings))];
  const by = names.length === 0 ? '' : `, by ${names.join(', ')}`;
  return `${rangeText(downtime)}${by}`;
}

function rangeText({
  minMs,
  maxMs,
}: Pick<NonNullable<FaultDescription['downtime']>, 'minMs' | 'maxMs'>): string {
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
