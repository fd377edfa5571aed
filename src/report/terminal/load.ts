import type { Pace, Plan, ScriptPlan } from '../../plan/plan.js';
import { clientsByRoute } from '../../plan/ports.js';
import type { Route } from '../../plan/target.js';
import { formatCount, formatDuration, formatRate } from '../../units.js';
import { counted, plain, type Style } from './text.js';

/** How hard and how long, for the heading: `500 tps`, `40 s`, `warm-up 10 s`. */
export function loadParts(plan: Plan, style: Style): string[] {
  const { pace, warmupMs, latencyLimitMs, transactionsPerConnection, retry } = plan;
  const parts = [...(pace.kind === 'open' ? [rateInWords(pace, style)] : []), ...lengthParts(plan)];
  if (warmupMs > 0) {
    parts.push(`warm-up ${formatDuration(warmupMs)}`);
  }
  if (latencyLimitMs !== null) {
    parts.push(`latency limit ${formatDuration(latencyLimitMs)}`);
  }
  if (retry.contention === 'fail' && retry.maxTries !== 1) {
    parts.push(retry.maxTries === 0 ? 'tries without limit' : `up to ${formatCount(retry.maxTries)} tries`);
  }
  if (transactionsPerConnection > 0) {
    const many =
      transactionsPerConnection > 1 ? counted(transactionsPerConnection, 'transaction') : 'transaction';
    parts.push(`a connection per ${many}`);
  }
  return parts;
}

function lengthParts({ durationMs, transactions }: Plan): string[] {
  const duration = durationMs === null ? [] : [formatDuration(durationMs)];
  if (transactions === null) {
    return duration;
  }
  const each = transactions.per === 'client' ? ' per client' : '';
  return [
    `${counted(transactions.count, 'transaction')}${each}`,
    ...duration.map((most) => `at most ${most}`),
  ];
}

/** More turns of a rate than this are cut in the middle. */
const MOST_RATES = 6;

/** `500 tps`, or where it turns: `200 → 2,000 → 200 tps`. */
function rateInWords({ stages }: Extract<Pace, { kind: 'open' }>, style: Style): string {
  const rates: string[] = [];
  for (const tps of stages.flatMap(({ fromTps, toTps }) => [fromTps, toTps])) {
    const rate = formatPlanned(tps);
    if (rate !== rates.at(-1)) {
      rates.push(rate);
    }
  }
  const ellipsis = style.unicode ? '…' : '..';
  const shown =
    rates.length > MOST_RATES ? [...rates.slice(0, MOST_RATES - 2), ellipsis, rates.at(-1) ?? ''] : rates;
  return `${shown.join(` ${style.arrow} `)} tps`;
}

/** A chosen rate has no zeros that nobody typed: `50`, not `50.0`. */
function formatPlanned(tps: number): string {
  return Number.isInteger(tps) ? formatCount(tps) : formatRate(tps);
}

/**
 * Which scripts went to which port and by how many clients, where that is not plain: nothing for one port that the
 * scripts are made for.
 */
export function portParts(plan: Plan): string[] {
  const scripts = plan.workload.scripts.filter(({ weight }) => weight > 0);
  const on = (route: Route) => scripts.filter((script) => script.route === route);
  if (on('ro').length === 0) {
    return strayParts(plan, scripts);
  }
  if (on('rw').length === 0) {
    return [`${namesOf(scripts)} on ro`];
  }
  if (plan.connections === 'per-script') {
    const each = `each client has a connection for each script`;
    return [each, `rw: ${namesOf(on('rw'))}`, `ro: ${namesOf(on('ro'))}`];
  }
  const clients = clientsByRoute(plan);
  return (['rw', 'ro'] as const).map(
    (route) => `${route}: ${counted(clients[route], 'client')} for ${namesOf(on(route))}`,
  );
}

/** Scripts that only read and yet go to the read-write port. */
function strayParts({ target }: Plan, scripts: readonly ScriptPlan[]): string[] {
  const readers = scripts.filter((script) => !script.writes);
  if (readers.length === 0) {
    return [];
  }
  const verb = readers.length === 1 ? 'reads' : 'read';
  const what = `${namesOf(readers)} only ${verb}, on rw`;
  return [target.ro === undefined ? `${what}: no read-only port was given` : what];
}

/** More names than this are counted. */
const FEW_NAMES = 2;

function namesOf(scripts: readonly ScriptPlan[]): string {
  const names = scripts.map(({ name }) => plain(name));
  return names.length > FEW_NAMES ? counted(names.length, 'script') : names.join(' and ');
}
