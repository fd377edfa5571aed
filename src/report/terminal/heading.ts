import type { Plan } from '../../plan/plan.js';
import { type Endpoint, hostPort } from '../../plan/target.js';
import type { Result, Way } from '../../result/result.js';
import { loadParts, portParts } from './load.js';
import { counted, cut, flow, plain, type Style } from './text.js';

const LABEL = 11;

/** What ran against what. */
export function headingLines(result: Result, style: Style): string[] {
  const { run } = result;
  const [title = '', ...more] = flow(titleParts(result, style), style.columns, style);
  const lines = [
    style.paint(title, 'bold'),
    ...more,
    style.paint(style.rule.repeat(style.columns), 'dim'),
    ...row('options', optionParts(result), style),
    ...row('target', targetParts(result), style),
    ...row('ports', portParts(result.plan), style),
    ...row('versions', versionParts(result), style),
    ...row('settings', settingParts(result), style),
    ...row('started', startParts(result), style),
    ...row('tags', tagParts(result), style),
  ];
  const ending = ENDINGS[run.status];
  if (ending !== null) {
    const when =
      run.elapsedMs > 0 ? `after ${style.millis(run.elapsedMs)}.` : 'in the warm-up: nothing was measured.';
    lines.push('', style.paint(`${ending} ${when}`, 'yellow', 'bold'));
  }
  return lines;
}

const ENDINGS = {
  completed: null,
  interrupted: 'Interrupted',
  broken: 'Broken off',
} as const;

/** More options than this have a row of their own. */
const FEW_OPTIONS = 3;

export function titleParts({ plan }: Result, style: Style): string[] {
  return [
    plain(plan.workload.name),
    ...(hasFewOptions(plan) ? optionsInWords(plan, false) : []),
    counted(plan.clients, 'client'),
    counted(plan.workers, 'worker'),
    plan.protocol,
    ...loadParts(plan, style),
    ...auditParts(plan),
  ];
}

/** What was done beside the load that costs something, or that nobody would expect. */
function auditParts({ rounds, ledger, directWrites }: Plan): string[] {
  return [
    ...(rounds === null ? [] : [counted(rounds, 'round')]),
    ...(ledger === 'insert' ? ['a ledger row per transaction'] : []),
    ...(directWrites ? ['a writer on each node'] : []),
  ];
}

function optionParts({ plan }: Result): string[] {
  if (hasFewOptions(plan)) {
    return [];
  }
  const options = optionsInWords(plan, true);
  return [...options, options.length === 0 ? 'all as by default' : 'others as by default'];
}

function hasFewOptions({ workload }: Plan): boolean {
  return Object.keys(workload.options).length + Object.keys(workload.variables).length <= FEW_OPTIONS;
}

/** @param unusual only those that are not as they are by default */
function optionsInWords({ workload }: Plan, unusual: boolean): string[] {
  const options = Object.entries(workload.options)
    .filter(([name]) => !unusual || !workload.usualOptions.includes(name))
    .map(([name, value]) => plain(`${name} ${typeof value === 'boolean' ? inWords(value) : value}`));
  const variables = Object.entries(workload.variables).map(([name, value]) => plain(`${name}=${value}`));
  return [...options, ...variables];
}

export function targetParts({ plan, cluster }: Result): string[] {
  const { target } = plan;
  const parts = [plain(`${target.kind} ${target.name}`)];
  if (cluster.scope !== null && cluster.scope !== target.name) {
    parts.push(plain(`scope ${cluster.scope}`));
  }
  if (cluster.members.length > 0) {
    parts.push(counted(cluster.members.length, 'node'));
  }
  parts.push(plain(`rw ${endpointInWords(target.rw, cluster.ways?.rw)}`));
  if (target.ro !== undefined) {
    parts.push(plain(`ro ${endpointInWords(target.ro, cluster.ways?.ro)}`));
  }
  return parts;
}

/** `10.0.0.5:5000, a proxy in front`; the usual, a server without anything before it, needs no word. */
function endpointInWords(endpoint: Endpoint, way: Way | undefined): string {
  const { targetSessionAttrs, loadBalanceHosts } = endpoint;
  const several = [
    ...(targetSessionAttrs === undefined ? [] : [targetSessionAttrs]),
    ...(loadBalanceHosts === undefined ? [] : ['in random order']),
  ];
  const front = way?.kind === 'proxy' || way?.kind === 'pooler' ? [`a ${way.kind} in front`] : [];
  return [hostPort(endpoint), ...several, ...front].join(', ');
}

export function versionParts({ cluster, tool }: Result): string[] {
  const parts: string[] = [];
  for (const [name, version] of [
    ['PostgreSQL', cluster.postgres],
    ['Patroni', cluster.patroni],
    ['HAProxy', cluster.haproxy],
  ] as const) {
    if (version !== null) {
      // Without what a distribution adds, `2.6.12-1+deb12u4`.
      parts.push(plain(`${name} ${version.split(/[-+ ]/)[0]}`));
    }
  }
  parts.push(`pgha-bench ${tool.version}`);
  return parts;
}

/** What decides how long a failover takes and what it may lose; the rest is in result.json. */
const SHOWN = new Set([
  'patroni.ttl',
  'patroni.loop_wait',
  'patroni.retry_timeout',
  'patroni.maximum_lag_on_failover',
  'patroni.synchronous_mode',
  'postgres.synchronous_commit',
  'haproxy.inter',
  'haproxy.fall',
  'haproxy.rise',
]);

/** Shown where they differ from this, since a reader would not expect it. */
const EXPECTED: Readonly<Record<string, string>> = {
  'patroni.pause': 'off',
  'patroni.failsafe_mode': 'off',
  'patroni.synchronous_mode_strict': 'off',
  'postgres.fsync': 'on',
  'postgres.full_page_writes': 'on',
};

/** The layer's name stands in front of its first setting only. */
function settingParts({ cluster }: Result): string[] {
  let layer = '';
  const parts: string[] = [];
  for (const [name, value] of Object.entries(cluster.settings)) {
    const text = inWords(value);
    const expected = EXPECTED[name];
    if (!SHOWN.has(name) && (expected === undefined || expected === text)) {
      continue;
    }
    const [own = '', setting = ''] = name.split('.');
    parts.push(plain(`${own === layer ? '' : `${LAYERS[own] ?? own} `}${setting} ${text}`));
    layer = own;
  }
  return parts;
}

const LAYERS: Readonly<Record<string, string>> = {
  patroni: 'Patroni',
  postgres: 'PostgreSQL',
  haproxy: 'HAProxy',
};

export function inWords(value: string | number | boolean | null): string {
  if (typeof value === 'boolean') {
    return value ? 'on' : 'off';
  }
  return String(value ?? '?');
}

function startParts({ run, plan, tool }: Result): string[] {
  const parts = [
    `${run.startedAt.slice(0, 19).replace('T', ' ')} UTC`,
    `seed ${plan.seed}`,
    `Node ${tool.node}`,
    counted(tool.cpus, 'CPU'),
  ];
  if (plan.label !== undefined) {
    parts.push(plain(`label ${plan.label}`));
  }
  return parts;
}

function tagParts({ plan }: Result): string[] {
  return Object.entries(plan.tags).map(([name, value]) => plain(`${name}=${value}`));
}

function row(label: string, parts: readonly string[], style: Style): string[] {
  const width = style.columns - LABEL;
  const fitting = parts.map((part) => cut(part, width, style));
  return flow(fitting, width, style).map(
    (line, index) => `${style.paint((index === 0 ? label : '').padEnd(LABEL), 'dim')}${line}`,
  );
}
