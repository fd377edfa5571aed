import type { FaultForecast, Forecast } from '../../analysis/forecast.js';
import type { Shortening } from '../../analysis/shorten.js';
import type { Prediction, Range } from '../../result/round.js';
import { rangeInCell } from './range.js';
import {
  cut,
  flow,
  labelled,
  plain,
  type Style,
  styleOf,
  type TerminalOptions,
  table,
  wrap,
} from './text.js';

/**
 * What settings imply: whose they are, and a table of all faults, with a second forecast beside the first where there is
 * one.
 * @param parts with what each downtime is made of
 */
export function forecastLines(
  base: Forecast,
  candidate: Forecast | null,
  parts: boolean,
  terminal: TerminalOptions,
): string[] {
  const style = styleOf(terminal);
  const heads =
    candidate === null
      ? basisLines('Predicted for', base, style)
      : [...basisLines('Base:', base, style), ...basisLines('Candidate:', candidate, style)];
  if (candidate !== null) {
    const blocks = [base, candidate].flatMap((each) => [
      '',
      ...wrap(plain(each.of), style.columns).map((line) => style.paint(line, 'bold')),
      ...each.faults.flatMap((fault) => faultLines(fault, each, style)),
    ]);
    return [...heads, '', ...comparedTable(base, candidate, style), ...(parts ? blocks : [])];
  }
  return parts
    ? [...heads, ...base.faults.flatMap((fault) => ['', ...faultLines(fault, base, style)])]
    : [...heads, '', ...faultTable(base, style), ...unknownLines(base, style)];
}

// ---- whose settings

/** Those that a prediction may be made of. */
const SHOWN: readonly string[] = [
  'patroni.ttl',
  'patroni.loop_wait',
  'patroni.retry_timeout',
  'patroni.primary_start_timeout',
  'patroni.synchronous_mode',
  'patroni.failsafe_mode',
  'haproxy.inter',
  'haproxy.fastinter',
  'haproxy.downinter',
  'haproxy.fall',
  'haproxy.rise',
  'haproxy.timeout_check',
  'etcd.election_timeout',
];

function basisLines(title: string, forecast: Forecast, style: Style): string[] {
  const { of, patroni, proxy, replicas, settings, assumed, notes } = forecast;
  const values: readonly (readonly [name: string, text: string])[] = [
    ['patroni', `Patroni ${patroni === null ? '(newest)' : plain(patroni)}`],
    ...SHOWN.flatMap((name) => {
      const value = settings[name] ?? null;
      return value === null ? [] : [[name, `${shortName(name)} ${valueText(value)}`] as const];
    }),
    ...(proxy === 'haproxy' ? [] : [['proxy', `no HAProxy, but ${PROXIES[proxy]}`] as const]),
    ...(replicas === null ? [] : [['replicas', `${replicas + 1} members`] as const]),
  ];
  const told = values.filter(([name]) => !assumed.includes(name)).map(([, text]) => text);
  const guessed = values.filter(([name]) => assumed.includes(name)).map(([, text]) => text);
  return [
    ...wrap(`${title} ${plain(of)}`, style.columns).map((line) => style.paint(line, 'bold')),
    ...listed('  ', told, style),
    ...listed('  assumed: ', guessed, style),
    ...notes
      .flatMap((note) => labelled('  ! ', letters(plain(note), style), 4, style))
      .map((l) => style.paint(l, 'yellow')),
  ];
}

const PROXIES = { vip: 'an address that moves', none: 'clients that try all members', haproxy: '' } as const;

function listed(label: string, parts: readonly string[], style: Style): string[] {
  const lines = parts.length === 0 ? [] : flow(parts, style.columns - label.length, style);
  return lines.map((line, index) => `${index === 0 ? label : ' '.repeat(label.length)}${line}`);
}

function shortName(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

function valueText(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : plain(String(value));
}

// ---- tables

function faultTable(forecast: Forecast, style: Style): string[] {
  const rows = forecast.faults.map((fault) => [
    nameOf(fault),
    cellOf(fault.writes, style),
    cellOf(fault.reads, style),
    fault.shorten === null ? '' : changesText(fault.shorten),
  ]);
  const head = ['', 'writes away', 'reads away', 'shorter with'].map((cell) => style.paint(cell, 'dim'));
  return table([head, ...rows], ['left', 'left', 'left', 'left']);
}

function comparedTable(base: Forecast, candidate: Forecast, style: Style): string[] {
  const rows = base.faults.map((fault) => {
    const other = candidate.faults.find(
      ({ fault: name, etcdLeaderLost }) => name === fault.fault && etcdLeaderLost === fault.etcdLeaderLost,
    );
    return [
      nameOf(fault),
      cellOf(fault.writes, style),
      cellOf(other?.writes ?? null, style),
      difference(fault.writes?.minMs, other?.writes?.minMs, style),
      difference(fault.writes?.maxMs, other?.writes?.maxMs, style),
    ];
  });
  const head = ['writes away', 'base', 'candidate', 'at least', 'at most'];
  return table(
    [head.map((cell) => style.paint(cell, 'dim')), ...rows],
    ['left', 'left', 'left', 'right', 'right'],
  );
}

function difference(from: number | null | undefined, to: number | null | undefined, style: Style): string {
  if (from === null || from === undefined || to === null || to === undefined) {
    return style.dash;
  }
  if (from === to) {
    return '0';
  }
  return `${to < from ? '-' : '+'}${style.millis(Math.abs(to - from))}`;
}

/** Where the leader of etcd is lost as well, the row before is of the same fault. */
function nameOf({ fault, etcdLeaderLost }: FaultForecast): string {
  return etcdLeaderLost ? '  it led etcd, too' : cut(plain(fault), 24, { unicode: false });
}

function cellOf(prediction: Range | null, style: Style): string {
  if (prediction === null) {
    return style.dash;
  }
  if (prediction.maxMs === 0) {
    return 'none';
  }
  return rangeInCell(prediction, style) || 'no bound';
}

function changesText({ changes }: Shortening): string {
  return Object.entries(changes)
    .map(([name, value]) => `${shortName(name)} ${value}`)
    .join(', ');
}

/** Why there is nothing to tell, told together where the reason is the same. */
function unknownLines({ faults }: Forecast, style: Style): string[] {
  const byReason = new Map<string, string[]>();
  for (const { fault, writes, unpredicted } of faults) {
    if (writes === null) {
      const reason = unpredicted ?? 'it is not known why';
      byReason.set(reason, [...(byReason.get(reason) ?? []), fault]);
    }
  }
  return [...byReason].flatMap(([reason, names]) =>
    labelled('  ', plain(`not predicted: ${names.join(', ')} (${reason})`), 2, style),
  );
}

// ---- parts

function faultLines(forecast: FaultForecast, { settings }: Forecast, style: Style): string[] {
  const { fault, etcdLeaderLost, writes, unpredicted, reads, shorten } = forecast;
  const title = `${plain(fault)}${etcdLeaderLost ? ' of the node that leads etcd, too' : ''}`;
  const head = wrap(`${title}: ${writes === null ? 'not predicted' : wordsOf(writes, style)}`, style.columns);
  return [
    ...head.map((line) => style.paint(line, 'bold')),
    ...(writes === null ? labelled('  ', unpredicted ?? '', 2, style) : partLines(writes, settings, style)),
    ...(reads === null ? [] : labelled('  reads', readsText(reads, style), LABEL, style)),
    ...(shorten === null ? [] : labelled('  shorter', shorterText(shorten, style), LABEL, style)),
  ];
}

const LABEL = 20;

function partLines({ parts }: Prediction, settings: Forecast['settings'], style: Style): string[] {
  return parts.flatMap((part) => {
    const by = part.settings.flatMap((name) => {
      const value = settings[name] ?? null;
      return value === null ? [] : [`${shortName(name)} ${valueText(value)}`];
    });
    const text = by.length === 0 ? part.name : `${part.name} (${by.join(', ')})`;
    return labelled(`  ${partCell(part, style)}`, letters(text, style), LABEL, style);
  });
}

/** A part may be less than nothing: time that is taken off. */
function partCell({ minMs, maxMs }: Range, style: Style): string {
  if (minMs >= 0) {
    return minMs === maxMs && minMs > 0 ? style.millis(minMs) : cellOf({ minMs, maxMs }, style);
  }
  if (maxMs === 0) {
    return `up to ${style.millis(-minMs)} less`;
  }
  const signed = (ms: number) =>
    ms < 0 ? letters(`−${style.millis(-ms)}`, style) : ms === 0 ? '0 s' : style.millis(ms);
  return maxMs === null || minMs === maxMs
    ? signed(minMs)
    : letters(`${signed(minMs)} … ${signed(maxMs)}`, style);
}

function readsText(reads: Prediction, style: Style): string {
  return `${wordsOf(reads, style)}: ${reads.parts.map(({ name }) => name).join('; ')}`;
}

function shorterText(shorten: Shortening, style: Style): string {
  const limit = shorten.limit === null ? '' : ` ${shorten.limit}.`;
  return `with ${changesText(shorten)} it is ${cellOf(shorten.writes, style)}.${limit}`;
}

function wordsOf(prediction: Prediction, style: Style): string {
  return cellOf(prediction, style);
}

/** Signs of the names of parts, in the letters that the terminal has. */
function letters(text: string, style: Style): string {
  return style.unicode
    ? text
    : text
        .replaceAll('−', '-')
        .replaceAll('…', '..')
        .replaceAll('×', 'x')
        .replaceAll('≥', '>=')
        .replaceAll('≤', '<=');
}
