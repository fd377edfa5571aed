import { hostPort } from '../../plan/target.js';
import type { Result } from '../../result/result.js';
import { formatDuration } from '../../units.js';
import { counted, flow, plain, type Style } from './text.js';

const LABEL = 11;

/** What ran against what. */
export function headingLines(result: Result, style: Style): string[] {
  const { run } = result;
  const [title = '', ...more] = flow(titleParts(result), style.columns, style);
  const lines = [
    style.paint(title, 'bold'),
    ...more,
    style.paint(style.rule.repeat(style.columns), 'dim'),
    ...row('target', targetParts(result), style),
    ...row('versions', versionParts(result), style),
    ...row('settings', settingParts(result), style),
    ...row('started', startParts(result), style),
  ];
  const ending = ENDINGS[run.status];
  if (ending !== null) {
    lines.push('', style.paint(`${ending} after ${style.millis(run.elapsedMs)}.`, 'yellow', 'bold'));
  }
  return lines;
}

const ENDINGS = {
  completed: null,
  interrupted: 'Interrupted',
  broken: 'Broken off',
} as const;

function titleParts({ plan }: Result): string[] {
  const { name, options } = plan.workload;
  return [
    plain(name),
    ...Object.entries(options).map(([option, value]) => plain(`${option} ${value}`)),
    counted(plan.clients, 'client'),
    counted(plan.workers, 'worker'),
    plan.protocol,
    formatDuration(plan.durationMs),
  ];
}

function targetParts({ plan, cluster }: Result): string[] {
  const { target } = plan;
  const parts = [plain(`${target.kind} ${target.name}`)];
  if (cluster.scope !== null && cluster.scope !== target.name) {
    parts.push(plain(`scope ${cluster.scope}`));
  }
  if (cluster.members.length > 0) {
    parts.push(counted(cluster.members.length, 'node'));
  }
  parts.push(plain(`rw ${hostPort(target.rw)}`));
  if (target.ro !== undefined) {
    parts.push(plain(`ro ${hostPort(target.ro)}`));
  }
  return parts;
}

function versionParts({ cluster, tool }: Result): string[] {
  const parts: string[] = [];
  for (const [name, version] of [
    ['PostgreSQL', cluster.postgres],
    ['Patroni', cluster.patroni],
    ['HAProxy', cluster.haproxy],
  ] as const) {
    if (version !== null) {
      parts.push(plain(`${name} ${version}`));
    }
  }
  parts.push(`pgha-bench ${tool.version}`);
  return parts;
}

/** The layer's name stands in front of its first setting only. */
function settingParts({ cluster }: Result): string[] {
  let layer = '';
  return Object.entries(cluster.settings).map(([name, value]) => {
    const dot = name.indexOf('.');
    const own = name.slice(0, Math.max(0, dot));
    const prefix = own === layer || own === '' ? '' : `${LAYERS[own] ?? own} `;
    layer = own;
    return plain(`${prefix}${name.slice(dot + 1)} ${inWords(value)}`);
  });
}

const LAYERS: Readonly<Record<string, string>> = {
  patroni: 'Patroni',
  postgresql: 'PostgreSQL',
  haproxy: 'HAProxy',
};

function inWords(value: string | number | boolean | null): string {
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

function row(label: string, parts: readonly string[], style: Style): string[] {
  return flow(parts, style.columns - LABEL, style).map(
    (line, index) => `${style.paint((index === 0 ? label : '').padEnd(LABEL), 'dim')}${line}`,
  );
}
