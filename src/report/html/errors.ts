import type { Result } from '../../result/result.js';
import { formatCount } from '../../units.js';
import { explain } from '../explain.js';
import { classesOf, type ErrorClass, IN_DOUBT } from '../terminal/errors.js';
import { OUTCOME_NAMES } from '../terminal/latency.js';
import { nodeOf } from '../terminal/nodes.js';
import { instant, plain } from '../terminal/text.js';
import { type Child, h, type Markup } from './element.js';
import { table } from './words.js';

/** Failures by class, in the order in which they first came, and what each means. */
export function errorsSection(result: Result, id: string): Markup {
  const classes = classesOf(result.errors);
  const { target } = result.plan;
  const proxied = target.haproxy !== undefined || target.kind !== 'server';
  return h(
    'section',
    { 'aria-labelledby': `${id}-errors` },
    h('h2', { id: `${id}-errors` }, 'Errors'),
    classes.length === 0
      ? h('p', {}, 'No attempt failed.')
      : table({
          caption: 'Attempts that failed, in the order in which each kind first came',
          head: ['Code', 'Count', 'Outcome', 'Port', 'First', 'Last', 'Server', 'What it means'],
          kinds: ['text', 'figure', 'text', 'text', 'figure', 'figure', 'text', 'text'],
          rows: classes.map((each) => errorRow(each, result, proxied)),
          className: 'errors',
        }),
    classes.some(({ outcome }) => outcome === 'in_doubt') ? h('p', { class: 'dim' }, IN_DOUBT) : null,
  );
}

function errorRow(each: ErrorClass, result: Result, proxied: boolean): Child[] {
  const { code, count, outcome, route, firstMs, lastMs, message } = each;
  const servers = [...each.servers].filter((server) => server !== '').map((server) => nodeOf(server, result));
  const meaning = plain(explain(each, proxied));
  const said = plain(message);
  return [
    h('code', {}, plain(code)),
    formatCount(count),
    h('span', { class: outcome === 'in_doubt' ? 'doubt' : null }, OUTCOME_NAMES[outcome]),
    route,
    instant(firstMs),
    instant(lastMs),
    servers.length === 0 ? '–' : servers.join(', '),
    [meaning, said === '' || meaning.includes(said) ? null : h('q', { class: 'said' }, said)],
  ];
}
