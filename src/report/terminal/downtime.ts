import type { Downtime } from '../../result/downtime.js';
import type { FaultRecord, RoundAnalysis } from '../../result/result.js';
import type { Prediction } from '../../result/round.js';
import { formatCount } from '../../units.js';
import { rangeInWords } from './range.js';
import { entry, instant, plain, type Style } from './text.js';

/** A generator that was away for longer than this may have made a gap longer than it was. */
const STALL_MS = 20;

/** How long writes, reads and new connections were away, and whether the settings had said so. */
export function downtimesOf(round: RoundAnalysis, faults: readonly FaultRecord[], style: Style): string[] {
  const { writeDowntime, readDowntime, newConnections, prediction } = round;
  const lines = (label: string, downtime: Downtime | null, port: string) =>
    downtimeLines({ label, downtime, port, faults, style });
  return [
    ...lines('write downtime', writeDowntime, ''),
    ...predictionLines(prediction, style),
    ...lines('read downtime', readDowntime, readPort(readDowntime)),
    ...(isNews(newConnections.rw, writeDowntime)
      ? lines('new connections', newConnections.rw, ', on the read-write port')
      : []),
    ...(isNews(newConnections.ro, readDowntime)
      ? lines('new connections', newConnections.ro, ', on the read-only port')
      : []),
  ];
}

/** Whether one that was not over had to be left there since the next fault came, and not since the run ended. */
export function isCutByFault(
  { toMs, fromMs, durationMs }: Downtime,
  faults: readonly FaultRecord[],
): boolean {
  return (
    toMs === null &&
    faults.some(
      ({ askedAtMs }) => askedAtMs !== null && Math.abs(askedAtMs - fromMs - durationMs) < ROUNDING_MS,
    )
  );
}

/** Instants are known to the µs. */
const ROUNDING_MS = 0.01;

/** Whether the generator's own pauses in an outage of the round were long enough to be seen in its figure. */
export function isStalled({ writeDowntime, readDowntime, newConnections }: RoundAnalysis): boolean {
  return [writeDowntime, readDowntime, newConnections.rw, newConnections.ro].some(
    (downtime) => downtime?.outage && downtime.stallMs > STALL_MS,
  );
}

interface ToldDowntime {
  readonly label: string;
  readonly downtime: Downtime | null;
  readonly port: string;
  readonly faults: readonly FaultRecord[];
  readonly style: Style;
}

function downtimeLines({ label, downtime, port, faults, style }: ToldDowntime): string[] {
  if (downtime === null) {
    return entry(label, `${style.paint('not measured', 'yellow')}, see the notes`, style);
  }
  if (!downtime.outage) {
    return noOutageLines(label, downtime, style, port);
  }
  const figure = style.paint(style.millis(downtime.durationMs), 'red', 'bold');
  if (downtime.toMs === null) {
    const open = style.paint('and not over', 'red', 'bold');
    const when = isCutByFault(downtime, faults) ? 'when the next fault came' : 'when the run ended';
    return [
      ...entry(label, `${figure} ${open} ${when}${port}`, style),
      ...entry('', `last acknowledged at ${instant(downtime.fromMs)}, none since`, style),
      ...stallLines(downtime, style),
    ];
  }
  return [
    ...entry(label, `${figure} from ${instant(downtime.fromMs)} to ${instant(downtime.toMs)}${port}`, style),
    ...entry('', style.paint(trueValue(downtime, style), 'dim'), style),
    ...stallLines(downtime, style),
  ];
}

/** Reads are watched on the read-only port, and on the other only where nothing reads there. */
function readPort(downtime: Downtime | null): string {
  return downtime?.route === 'rw' ? ', on the read-write port' : '';
}

function noOutageLines(label: string, downtime: Downtime, style: Style, port: string): string[] {
  const { durationMs, usualPauseMs, resolutionMs, failures } = downtime;
  const usual = usualPauseMs === null ? '' : ` (${style.millis(usualPauseMs)} before)`;
  const none = style.paint('none seen', 'green', 'bold');
  const hidden = `one of up to ${style.millis(resolutionMs)} may have gone unseen`;
  const failed = failures > 0 ? `; ${formatCount(failures)} attempts failed` : '';
  return [
    ...entry(label, `${none}, longest pause ${style.millis(durationMs)}${usual}${port}`, style),
    ...entry('', style.paint(`${hidden}${failed}`, 'dim'), style),
  ];
}

/** The resolution as what it means for the figure. */
function trueValue({ durationMs, resolutionMs }: Downtime, style: Style): string {
  if (resolutionMs >= durationMs) {
    return 'at most: too little was refused in it to show how much of it is true';
  }
  return `the true outage is ${style.millis(durationMs - resolutionMs)} to ${style.millis(durationMs)} (resolution ${style.millis(resolutionMs)})`;
}

function stallLines({ stallMs }: Downtime, style: Style): string[] {
  if (stallMs <= STALL_MS) {
    return [];
  }
  const text = `the generator itself stood still for ${style.millis(stallMs)} of it`;
  return entry('', style.paint(text, 'yellow'), style);
}

/** What the settings imply; its parts only where it was wrong, since the steps have their own. */
function predictionLines(prediction: Prediction | null, style: Style): string[] {
  const range = prediction === null ? '' : rangeInWords(prediction, style);
  if (prediction === null || range === '') {
    return [];
  }
  if (prediction.holds === false) {
    const parts = prediction.parts.map((part) => {
      const settings = part.settings.length === 0 ? '' : ` (${part.settings.map(plain).join(', ')})`;
      return `${plain(part.name)}: ${rangeInWords(part, style) || 'any time'}${settings}`;
    });
    return [
      ...entry('predicted', style.paint(`${range}: the settings do not explain it`, 'yellow'), style),
      ...parts.flatMap((part) => entry('', style.paint(part, 'dim'), style)),
    ];
  }
  const holds = prediction.holds === true ? ': it held' : '';
  return entry('predicted', `${range} by the settings${holds}`, style);
}

/** Whether those who connect anew were away longer, or shorter, than can be told apart. */
function isNews(fresh: Downtime | null, all: Downtime | null): boolean {
  if (fresh === null) {
    return false;
  }
  return all === null ? fresh.outage : !isAlike(fresh, all);
}

function isAlike(fresh: Downtime, all: Downtime): boolean {
  if (fresh.outage !== all.outage || (fresh.toMs === null) !== (all.toMs === null)) {
    return false;
  }
  const apartMs = Math.abs(fresh.durationMs - all.durationMs);
  return !fresh.outage || apartMs <= Math.max(fresh.resolutionMs, all.resolutionMs);
}
