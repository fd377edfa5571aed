import type { AuditCounts, AuditedReplica, CommitAudit } from '../../result/commits.js';
import type { Result } from '../../result/result.js';
import { formatCount } from '../../units.js';
import { commitLines } from '../terminal/commits.js';
import { nodeOf } from '../terminal/nodes.js';
import { plain } from '../terminal/text.js';
import { type Child, h, type Markup } from './element.js';
import { definitions, entriesOf, PAGE_STYLE, table } from './words.js';

/** What became of the commits: the audit in words, and its counts on the primary and on each replica. */
export function commitsSection(result: Result, id: string): Markup | null {
  const { commits } = result;
  const [, ...lines] = commitLines(result, PAGE_STYLE);
  if (commits === null && lines.length === 0) {
    return null;
  }
  const counts = commits === null || commits.primary === null ? null : countTable(result, commits);
  const words =
    commits === null ? h('p', {}, lines.map((line) => line.trim()).join(' ')) : definitions(entriesOf(lines));
  return h(
    'section',
    { 'aria-labelledby': `${id}-commits` },
    h('h2', { id: `${id}-commits` }, 'Commits'),
    counts,
    words,
    commits === null ? null : invariantTable(commits),
  );
}

const ROWS: readonly (readonly [name: string, of: keyof AuditCounts, isBad: boolean])[] = [
  ['Acknowledged, present', 'ackedPresent', false],
  ['Acknowledged, lost', 'ackedLost', true],
  ['of these with the warning that no standby has it, present', 'unreplicatedPresent', false],
  ['of these with that warning, lost', 'unreplicatedLost', true],
  ['In doubt, committed', 'inDoubtCommitted', false],
  ['In doubt, not committed', 'inDoubtAbsent', false],
  ['Told aborted, and yet there (ghosts)', 'ghosts', true],
  ['There more than once', 'duplicates', true],
  ['There, and of no client of this run', 'unexpected', true],
];

function countTable(result: Result, { primary, replicas }: CommitAudit): Markup {
  const servers = [...(primary === null ? [] : [primary]), ...replicas];
  return table({
    caption: 'Commits that the clients know of, against what each server holds after the run',
    head: ['', ...servers.map((each, index) => headOf(result, each, index === 0 && primary !== null))],
    kinds: ['text', ...servers.map(() => 'figure' as const)],
    rows: [
      ...ROWS.filter(([, of]) => isAlways(of) || servers.some((each) => each[of] > 0)).map(
        ([name, of, isBad]) => [name, ...servers.map((each) => countCell(each[of], isBad))],
      ),
      ['Holds what the primary holds', ...servers.map((each) => sameCell(each))],
    ],
  });
}

/** Warnings come from a synchronous standby that did not answer: most runs have none. */
function isAlways(of: keyof AuditCounts): boolean {
  return !of.startsWith('unreplicated');
}

function headOf(result: Result, { server }: { readonly server: string }, isPrimary: boolean): string {
  return `${nodeOf(server, result)}${isPrimary ? ' (primary)' : ''}`;
}

function countCell(count: number, isBad: boolean): Child {
  return isBad && count > 0
    ? h('strong', { class: 'bad' }, h('span', { 'aria-hidden': 'true' }, '✕ '), formatCount(count))
    : formatCount(count);
}

function sameCell(server: AuditCounts | AuditedReplica): Child {
  if (!('same' in server)) {
    return '–';
  }
  return server.same ? 'yes' : h('strong', { class: 'bad' }, '✕ no');
}

function invariantTable({ invariants }: CommitAudit): Markup | null {
  return invariants.length === 0
    ? null
    : table({
        caption: 'Sums over the tables that must agree',
        head: ['Invariant', 'Holds', 'Found'],
        kinds: ['text', 'text', 'text'],
        rows: invariants.map(({ name, holds, found }) => [
          plain(name),
          holds ? 'yes' : h('strong', { class: 'bad' }, '✕ no'),
          plain(found),
        ]),
      });
}
