import type { ThreadFacts } from '../../result/generator.js';
import type { ObserverFacts } from '../../result/observed.js';
import type { Result } from '../../result/result.js';
import { formatMillis } from '../../units.js';
import { inWords, targetParts, titleParts } from '../terminal/heading.js';
import { portParts } from '../terminal/load.js';
import { measurementLines } from '../terminal/measurement.js';
import { plain } from '../terminal/text.js';
import { type Child, h, type Markup } from './element.js';
import { BARE_STYLE, definitions, type Entry, entriesOf, PAGE_STYLE, table } from './words.js';

/** How far the figures can be trusted: the generator, what was not watched, the clocks, the notes. */
export function measurementSection(result: Result, id: string): Markup {
  const [, ...lines] = measurementLines(result, PAGE_STYLE);
  const { observers, clocks } = result.observed;
  return h(
    'section',
    { 'aria-labelledby': `${id}-measurement` },
    h('h2', { id: `${id}-measurement` }, 'How it was measured'),
    result.notes.length === 0
      ? null
      : [
          h('h3', {}, 'Notes'),
          h(
            'ul',
            {},
            result.notes.map((note) => h('li', {}, plain(note))),
          ),
        ],
    definitions(entriesOf(lines).filter(({ label }) => label === 'generator')),
    observerTable(observers),
    clocks.length === 0
      ? null
      : table({
          caption: 'Clocks of the hosts against this one',
          head: ['Host', 'Ahead by', 'Uncertain by'],
          kinds: ['text', 'figure', 'figure'],
          rows: clocks.map(({ host, offsetMs, uncertaintyMs }) => [
            plain(host),
            `${offsetMs < 0 ? '−' : ''}${formatMillis(Math.abs(offsetMs))}`,
            `± ${formatMillis(uncertaintyMs)}`,
          ]),
        }),
    threadTable(result),
  );
}

function observerTable(observers: readonly ObserverFacts[]): Markup | null {
  if (observers.every(({ watched }) => watched)) {
    const layers = observers.map(({ layer }) => plain(layer)).join(', ');
    return layers === '' ? null : definitions([{ label: 'watched', texts: [`all layers: ${layers}`] }]);
  }
  return table({
    caption: 'What watched the cluster, and what would have been shown by what did not',
    head: ['Layer', 'Watched', 'Would have shown'],
    kinds: ['text', 'text', 'text'],
    rows: observers.map(({ layer, watched, missing }) => [
      plain(layer),
      watched ? 'yes' : h('strong', { class: 'doubt' }, '! no'),
      missing === null ? '' : plain(missing),
    ]),
  });
}

function threadTable({ generator, plan, run }: Result): Markup | null {
  const micros = (us: number | null) => (us === null ? '–' : formatMillis(us / 1000));
  return generator.threads.length === 0
    ? null
    : table({
        caption: 'Threads of the generator',
        head: [
          'Thread',
          'CPU',
          'Waited for a core',
          'Delay p50',
          'p99',
          'Max',
          'Collected garbage',
          'At most',
        ],
        kinds: ['text', 'figure', 'figure', 'figure', 'figure', 'figure', 'figure', 'figure'],
        rows: generator.threads.map((thread) => [
          plain(thread.name),
          thread.cpuMs === null ? '–' : formatMillis(thread.cpuMs),
          thread.waitedForCpuMs === null ? '–' : formatMillis(thread.waitedForCpuMs),
          micros(thread.delayP50Us),
          micros(thread.delayP99Us),
          micros(thread.delayMaxUs),
          collections(thread, Math.min(run.elapsedMs, plan.durationMs ?? Infinity)),
          formatMillis(thread.gcMaxMs),
        ]),
      });
}

/** @param loadMs without the time that transactions in flight took to end */
export function collections(
  { gcCount, gcTotalMs, gcWatchedMs = Infinity }: ThreadFacts,
  loadMs: number,
): string {
  const seen = `${gcCount} × in ${formatMillis(gcTotalMs)}`;
  return gcWatchedMs > loadMs - 500 ? seen : `${seen}, watched ${formatMillis(gcWatchedMs)}`;
}

/** What it ran on: versions, the cluster's settings, and the whole plan. */
export function conditionsSection(result: Result, id: string): Markup {
  return h(
    'section',
    { 'aria-labelledby': `${id}-conditions` },
    h('h2', { id: `${id}-conditions` }, 'Cluster and plan'),
    definitions(factsOf(result)),
    memberTable(result),
    settingsTable(result),
    h(
      'details',
      { class: 'plan' },
      h('summary', {}, h('h3', {}, 'The whole plan')),
      h('pre', { tabindex: 0, 'aria-label': 'The plan as JSON' }, JSON.stringify(result.plan, null, 2)),
    ),
  );
}

function factsOf(result: Result): Entry[] {
  const { cluster, tool, plan, run } = result;
  const ports = portParts(plan);
  const tags = Object.entries(plan.tags).map(([key, value]) => plain(`${key}=${value}`));
  const entries: readonly (readonly [string, readonly (string | null)[]])[] = [
    ['load', [titleParts(result, BARE_STYLE).join(' · ')]],
    ['target', [targetParts(result).join(' · ')]],
    ['ports', ports.length === 0 ? [] : [ports.join(' · ')]],
    ['PostgreSQL', [cluster.postgres]],
    ['Patroni', [cluster.patroni]],
    ['HAProxy', [cluster.haproxy]],
    ['tool', [`pgha-bench ${tool.version}, Node ${tool.node}, ${tool.platform}, ${tool.cpus} CPUs`]],
    ['started', [`${run.startedAt}, seed ${plan.seed}, run ${run.id}`]],
    ['label', [plan.label ?? null]],
    ['tags', tags.length === 0 ? [] : [tags.join(', ')]],
  ];
  return entries.flatMap(([label, texts]) => {
    const told = texts.flatMap((text) => (text === null ? [] : [plain(text)]));
    return told.length === 0 ? [] : [{ label, texts: told }];
  });
}

function memberTable({ cluster }: Result): Markup | null {
  return cluster.members.length === 0
    ? null
    : table({
        caption: 'Nodes, with their roles before the run',
        head: ['Node', 'Role', 'Address', 'Patroni'],
        kinds: ['text', 'text', 'text', 'text'],
        rows: cluster.members.map(({ name, role, address, apiUrl }) =>
          [name, role, address, apiUrl].map((text) => plain(text)),
        ),
      });
}

function settingsTable({ cluster }: Result): Markup | null {
  const settings = Object.entries(cluster.settings);
  const value = (each: string | number | boolean | null): Child =>
    each === null
      ? h('span', { class: 'dim' }, 'not known')
      : plain(inWords(each)) || h('span', { class: 'dim' }, 'empty');
  return settings.length === 0
    ? null
    : table({
        caption: 'Settings of the cluster that decide how long a failover takes and what it may lose',
        head: ['Setting', 'Value'],
        kinds: ['text', 'text'],
        rows: settings.map(([name, each]) => [h('code', {}, plain(name)), value(each)]),
        className: 'settings',
      });
}
