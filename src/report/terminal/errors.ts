import type { ErrorFacts, Result } from '../../result/result.js';
import { formatCount } from '../../units.js';
import { explain } from '../explain.js';
import { OUTCOME_NAMES } from './latency.js';
import { nodeOf } from './nodes.js';
import { cut, instant, labelled, plain, type Style, table } from './text.js';
import { widthOf } from './width.js';

/** More kinds than this are not read any more. */
const MOST_ROWS = 12;

/** Failures by class, in the order in which they first came: that order tells the story. */
export function errorLines(result: Result, style: Style): string[] {
  const classes = classesOf(result.errors);
  if (classes.length === 0) {
    return [];
  }
  const shown = mostFrequent(classes, MOST_ROWS);
  const head = ['count', 'outcome', 'code', 'port', 'first', 'last', 'server'];
  const rows = table(
    [head.map((name) => style.paint(name, 'dim')), ...shown.map((each) => rowOf(each, result, style))],
    ['right', 'left', 'left', 'left', 'right', 'right', 'left'],
  );
  const { target } = result.plan;
  const proxied = target.haproxy !== undefined || target.kind !== 'server';
  const lines = [style.paint('Errors', 'bold'), rows[0] ?? ''];
  for (const [index, each] of shown.entries()) {
    lines.push(rows[index + 1] ?? '', ...explanation(each, proxied, style));
  }
  if (classes.length > shown.length) {
    lines.push(`  and ${formatCount(classes.length - shown.length)} rarer kinds, in result.json`);
  }
  if (shown.some(({ outcome }) => outcome === 'in_doubt')) {
    lines.push('', ...labelled('  ', IN_DOUBT, 2, style).map((text) => style.paint(text, 'dim')));
  }
  return lines;
}

export const IN_DOUBT = 'In doubt: the commit was sent and no answer came; it may have happened or not.';

/** Errors of the same class, whichever script and server met them. */
export interface ErrorClass extends Pick<ErrorFacts, 'code' | 'outcome' | 'route' | 'message'> {
  count: number;
  firstMs: number;
  lastMs: number;
  readonly servers: Set<string>;
}

export function classesOf(errors: readonly ErrorFacts[]): ErrorClass[] {
  const classes = new Map<string, ErrorClass>();
  for (const error of errors) {
    const key = JSON.stringify([error.code, error.outcome, error.route]);
    const known = classes.get(key);
    if (known === undefined) {
      const { code, outcome, route, message, count, firstMs, lastMs } = error;
      const servers = new Set([error.server]);
      classes.set(key, { code, outcome, route, message, count, firstMs, lastMs, servers });
    } else {
      known.count += error.count;
      known.firstMs = Math.min(known.firstMs, error.firstMs);
      known.lastMs = Math.max(known.lastMs, error.lastMs);
      known.servers.add(error.server);
    }
  }
  return [...classes.values()].sort((a, b) => a.firstMs - b.firstMs);
}

function mostFrequent(classes: readonly ErrorClass[], most: number): ErrorClass[] {
  const frequent = new Set([...classes].sort((a, b) => b.count - a.count).slice(0, most));
  return classes.filter((each) => frequent.has(each));
}

function rowOf(each: ErrorClass, result: Result, style: Style): string[] {
  const servers = [...each.servers].filter((server) => server !== '').map((server) => nodeOf(server, result));
  return [
    formatCount(each.count),
    style.paint(OUTCOME_NAMES[each.outcome], each.outcome === 'in_doubt' ? 'magenta' : 'red'),
    plain(each.code),
    each.route,
    instant(each.firstMs),
    instant(each.lastMs),
    inRoom(servers, style),
  ];
}

/** So much the other columns take at most, below a thousand million. */
const OTHER_COLUMNS = 64;

function inRoom(servers: readonly string[], style: Style): string {
  const room = Math.max(9, style.columns - OTHER_COLUMNS);
  const names = servers.join(' ');
  if (servers.length === 0) {
    return style.dash;
  }
  return servers.length === 1 || widthOf(names) <= room
    ? cut(names, room, style)
    : `${formatCount(servers.length)} servers`;
}

function explanation(each: ErrorClass, proxied: boolean, style: Style): string[] {
  return labelled(' '.repeat(9), plain(explain(each, proxied)), 9, style).map((line) =>
    style.paint(line, 'dim'),
  );
}
