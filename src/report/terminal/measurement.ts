import type { CapacityFacts, ThreadFacts } from '../../result/generator.js';
import type { ClockOffset } from '../../result/observed.js';
import type { Result } from '../../result/result.js';
import { formatRate } from '../../units.js';
import { entry, labelled, plain, type Style } from './text.js';

/** Clocks that are closer than this show nothing that would be read wrongly. */
const CLOSE_MS = 5;

/** How far what was measured can be trusted: the generator's own health, what was not watched, clocks that are off. */
export function measurementLines(result: Result, style: Style): string[] {
  const lines = [
    ...generatorLines(result, style),
    ...unwatchedLines(result, style),
    ...result.observed.clocks
      .filter(isOff)
      .flatMap((clock, index) => entry(index === 0 ? 'clocks' : '', clockInWords(clock, style), style)),
  ];
  return lines.length === 0 ? [] : [style.paint('Measurement', 'bold'), ...lines];
}

/** A generator that was overloaded makes every figure doubtful: that stands at the top. */
export function overloadLines({ generator }: Result, style: Style): string[] {
  if (generator.healthy) {
    return [];
  }
  const lines = labelled('', `Doubtful: ${plain(generator.verdict)}`, 0, style);
  return lines.map((line) => style.paint(line, 'yellow', 'bold'));
}

function generatorLines({ generator, run }: Result, style: Style): string[] {
  const { threads, cpuUserMs, cpuSystemMs, capacity } = generator;
  const verdict = generator.healthy ? generator.verdict : '';
  if (run.elapsedMs <= 0) {
    return [];
  }
  const share = (cpuMs: number) => `${Math.round((100 * cpuMs) / run.elapsedMs)} %`;
  const known = threads.flatMap(({ name, cpuMs }) =>
    cpuMs === null ? [] : [`${plain(name)} ${share(cpuMs)}`],
  );
  const cpu = known.length > 0 ? known.join(', ') : share(cpuUserMs + cpuSystemMs);
  const delays = delaysInWords(threads, style);
  const figures = `CPU of a core: ${cpu}${delays}`;
  return [
    ...(verdict === '' ? [] : entry('generator', style.paint(plain(verdict), 'dim'), style)),
    ...entry(verdict === '' ? 'generator' : '', style.paint(figures, 'dim'), style),
    ...capacityInWords(
      capacity,
      Math.max(0, ...threads.map(({ cpuMs }) => (cpuMs ?? 0) / run.elapsedMs)),
    ).flatMap((text) => entry('', style.paint(text, 'dim'), style)),
  ];
}

/** From this share of a core on, a thread is worth a thought to what it can do. */
const BUSY = 0.5;

/** @param busiest share of a core that one thread used */
function capacityInWords(capacity: CapacityFacts | undefined, busiest: number): string[] {
  if (capacity === undefined) {
    return [];
  }
  const { calibratedAt, tps, share, missing } = capacity;
  if (tps === null || share === null) {
    return missing !== null && busiest > BUSY ? [plain(missing)] : [];
  }
  const day = plain((calibratedAt ?? '').slice(0, 10));
  return [
    `${Math.round(100 * share)} % of what its workers can do, ${formatRate(tps)} tps (calibrated ${day})`,
  ];
}

function delaysInWords(threads: readonly ThreadFacts[], style: Style): string {
  const delays = threads.flatMap(({ delayMaxUs }) => (delayMaxUs === null ? [] : [delayMaxUs]));
  return delays.length === 0 ? '' : `; longest delay ${style.micros(Math.max(...delays))}`;
}

function unwatchedLines({ observed }: Result, style: Style): string[] {
  const missing = observed.observers.filter(({ watched }) => !watched);
  return missing.flatMap(({ layer, missing: why }, index) => {
    const reason = why === null ? '' : `: ${plain(why)}`;
    return entry(index === 0 ? 'not watched' : '', `${LAYERS[layer] ?? plain(layer)}${reason}`, style);
  });
}

const LAYERS: Readonly<Record<string, string>> = {
  patroni: 'Patroni',
  haproxy: 'HAProxy',
  postgres: 'PostgreSQL',
};

function isOff({ offsetMs }: ClockOffset): boolean {
  return Math.abs(offsetMs) > CLOSE_MS;
}

function clockInWords({ host, offsetMs, uncertaintyMs }: ClockOffset, style: Style): string {
  const away = `${style.millis(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead of' : 'behind'} this one`;
  const plusMinus = style.unicode ? '±' : '+/-';
  return `${plain(host)} is ${away} (${plusMinus} ${style.millis(uncertaintyMs)})`;
}
