import type { AuditCounts, AuditedServer, CommitAudit, Loss } from '../../result/commits.js';
import type { Result } from '../../result/result.js';
import { formatCount } from '../../units.js';
import { nodeOf } from './nodes.js';
import { counted, entry, instant, plain, type Style } from './text.js';

/** Whether what was acknowledged is there, and what became of the rest. Nothing without a fault and without a ledger. */
export function commitLines(result: Result, style: Style): string[] {
  const { commits, faults } = result;
  const title = style.paint('Commits', 'bold');
  if (commits === null) {
    const wasFault = faults.some(({ askedAtMs }) => askedAtMs !== null);
    const why = result.plan.ledger === 'off' ? ' (--ledger off)' : ', the notes say why';
    return wasFault ? [title, `  Commits were not audited${why}: lost ones would not be seen.`] : [];
  }
  const { primary } = commits;
  return [
    title,
    ...(primary === null ? notAuditedLines(style) : countLines(result, commits, primary, style)),
    ...commits.missing.flatMap((why) => entry('missing', style.paint(plain(why), 'yellow'), style)),
  ];
}

function notAuditedLines(style: Style): string[] {
  return entry(
    'acknowledged',
    style.paint('not audited: whether commits are lost is not known', 'red'),
    style,
  );
}

function countLines(result: Result, audit: CommitAudit, primary: AuditedServer, style: Style): string[] {
  return [
    ...acknowledgedLines(primary, style),
    ...audit.losses.flatMap((loss) => lossLines(result, loss, style)),
    ...(audit.lostFile === null ? [] : entry('', `all are listed in ${plain(audit.lostFile)}`, style)),
    ...inDoubtLines(primary, style),
    ...anomalyLines(primary, style),
    ...invariantLines(audit, style),
    ...replicaLines(result, audit, style),
    ...auditedLines(result, audit, primary, style),
  ];
}

function acknowledgedLines(counts: AuditCounts, style: Style): string[] {
  const { ackedPresent, ackedLost, unreplicatedPresent, unreplicatedLost } = counts;
  const lost =
    ackedLost > 0
      ? style.paint(`${formatCount(ackedLost)} LOST`, 'red', 'bold')
      : style.paint('0 lost', 'green', 'bold');
  const all = formatCount(ackedPresent + ackedLost);
  const lines = entry('acknowledged', `${all}: ${lost}, ${formatCount(ackedPresent)} present`, style);
  if (unreplicatedPresent + unreplicatedLost > 0) {
    const whose = `${formatCount(unreplicatedPresent + unreplicatedLost)} of them with the warning that no standby has it`;
    lines.push(...entry('', `${whose}: ${formatCount(unreplicatedLost)} lost`, style));
  }
  return lines;
}

function lossLines(result: Result, loss: Loss, style: Style): string[] {
  const { count, servers, firstAckMs, lastAckMs, walBytes, forkLsn, timeline } = loss;
  const names = servers.map((server) => nodeOf(server, result)).join(', ');
  const by = names === '' ? '' : ` acknowledged by ${names}`;
  const span =
    firstAckMs === null || lastAckMs === null
      ? ''
      : ` from ${instant(firstAckMs)} to ${instant(lastAckMs)} (${style.millis(lastAckMs - firstAckMs)})`;
  const fork: string[] = [];
  if (walBytes !== null) {
    fork.push(`at least ${formatBytes(walBytes)} of WAL`);
  }
  if (forkLsn !== null) {
    const of = timeline === null ? '' : ` of timeline ${timeline}`;
    fork.push(`behind ${formatLsn(forkLsn)}, the end${of}`);
  }
  return [
    ...entry('lost', `${formatCount(count)}${by}${span}`, style),
    ...(fork.length === 0 ? [] : entry('', fork.join(' '), style)),
  ];
}

function inDoubtLines({ inDoubtCommitted, inDoubtAbsent }: AuditCounts, style: Style): string[] {
  const all = formatCount(inDoubtCommitted + inDoubtAbsent);
  if (inDoubtCommitted + inDoubtAbsent === 0) {
    return entry('in doubt', all, style);
  }
  const committed = formatCount(inDoubtCommitted);
  return entry('in doubt', `${all}: ${committed} committed, ${formatCount(inDoubtAbsent)} not`, style);
}

/** What must never be: in red when it is. */
function anomalyLines({ ghosts, duplicates, unexpected }: AuditCounts, style: Style): string[] {
  const found = [
    [ghosts, 'told to have been aborted, and yet there'],
    [duplicates, 'there more than once'],
    [unexpected, 'there, and of no client of this run'],
  ] as const;
  const lines = found
    .filter(([count]) => count > 0)
    .map(([count, what]) => style.paint(`${formatCount(count)} ${what}`, 'red', 'bold'));
  const none = 'no ghosts, no duplicates, none of unknown origin';
  return (lines.length === 0 ? [none] : lines).flatMap((line, index) =>
    entry(index === 0 ? 'anomalies' : '', line, style),
  );
}

function invariantLines({ invariants }: CommitAudit, style: Style): string[] {
  const broken = invariants.filter(({ holds }) => !holds);
  if (broken.length === 0) {
    const all = `${invariants.length} of ${invariants.length} hold`;
    return invariants.length === 0 ? [] : entry('invariants', all, style);
  }
  return broken.flatMap(({ name, found }, index) => [
    ...entry(index === 0 ? 'invariants' : '', style.paint(`broken: ${plain(name)}`, 'red', 'bold'), style),
    ...entry('', `found ${plain(found)}`, style),
  ]);
}

function replicaLines(result: Result, { replicas, primary }: CommitAudit, style: Style): string[] {
  const same = replicas.filter((replica) => replica.same).map(({ server }) => nodeOf(server, result));
  const parts =
    same.length === 0 ? [] : [`${same.join(', ')} ${same.length === 1 ? 'holds' : 'hold'} the same`];
  for (const replica of replicas) {
    if (!replica.same) {
      const more = replica.ackedLost - (primary?.ackedLost ?? 0);
      const what = more > 0 ? `, ${counted(more, 'acknowledged commit')} fewer` : '';
      parts.push(style.paint(`${nodeOf(replica.server, result)} does not hold the same${what}`, 'red'));
    }
  }
  return parts.flatMap((part, index) => entry(index === 0 ? 'replicas' : '', part, style));
}

function auditedLines(result: Result, audit: CommitAudit, primary: AuditedServer, style: Style): string[] {
  const timeline = primary.timeline === null ? '' : ` on timeline ${primary.timeline}`;
  const where = audit.mode === 'history' ? 'pgbench_history' : 'rows of its own table';
  const when = `${style.millis(primary.beganMs)} after the load, in ${style.millis(primary.tookMs)}`;
  const text = `${nodeOf(primary.server, result)}${timeline}, ${when}, by tokens in ${where}`;
  return entry('audited', style.paint(text, 'dim'), style);
}

/** As PostgreSQL counts: `12 kB`, in powers of 1024. */
function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 10 ? formatCount(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `3/42E8508` */
function formatLsn(lsn: number): string {
  const low = lsn % 0x1_0000_0000;
  const high = (lsn - low) / 0x1_0000_0000;
  return `${high.toString(16)}/${low.toString(16)}`.toUpperCase();
}
