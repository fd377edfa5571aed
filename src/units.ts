import { UserError } from './errors.js';

/** What a person may type for a duration, for messages. */
const DURATION_FORM = 'a duration such as 40s, 500ms or 1m30s';

const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const DURATION = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/**
 * Milliseconds of a duration as typed: `40s`, `500ms`, `1m30s`, `1.5h`; larger units first, each at most once.
 * @param what whose value it is, `--duration`, for the message
 * @throws UserError on anything else; a number without a unit is refused, since 40 may be meant as s or as ms
 */
export function parseDuration(text: string, what: string): number {
  const match = DURATION.exec(text);
  if (match === null || text === '') {
    throw new UserError(`${what}: expected ${DURATION_FORM}, found '${text}'.`);
  }
  const [, h, m, s, ms] = match;
  const total =
    Number(h ?? 0) * UNIT_MS.h + Number(m ?? 0) * UNIT_MS.m + Number(s ?? 0) * UNIT_MS.s + Number(ms ?? 0);
  if (total > Number.MAX_SAFE_INTEGER) {
    throw new UserError(`${what}: expected ${DURATION_FORM}, found '${text}', which is too long.`);
  }
  return total;
}

export interface Limits {
  readonly min?: number;
  readonly max?: number;
}

/**
 * A whole number as typed, `64`.
 * @throws UserError on anything else, and outside the limits
 */
export function parseInteger(text: string, what: string, limits: Limits = {}): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return withinLimits(value, Number.isSafeInteger(value), text, `a whole number`, what, limits);
}

/**
 * A number as typed, `0.5`, `1e3`.
 * @throws UserError on anything else, and outside the limits
 */
export function parseNumber(text: string, what: string, limits: Limits = {}): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return withinLimits(value, Number.isFinite(value), text, 'a number', what, limits);
}

function withinLimits(
  value: number,
  valid: boolean,
  text: string,
  form: string,
  what: string,
  limits: Limits,
): number {
  const { min = -Infinity, max = Infinity } = limits;
  if (!valid || value < min || value > max) {
    throw new UserError(`${what}: expected ${form}${limitsInWords(limits)}, found '${text}'.`);
  }
  return value;
}

function limitsInWords({ min, max }: Limits): string {
  if (min !== undefined && max !== undefined) {
    return ` from ${min} to ${max}`;
  }
  if (min !== undefined) {
    return ` of at least ${min}`;
  }
  return max === undefined ? '' : ` of at most ${max}`;
}

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,234,567`: the same in every locale, since reports are compared and pasted. */
export function formatCount(count: number): string {
  return GROUPED.format(count);
}

/** Per second, three significant digits below 1000: `1,234`, `98.7`, `1.94`, `0`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) {
    return '0';
  }
  return perSecond >= 999.5 ? formatCount(perSecond) : significant(perSecond);
}

/** A latency or another measured time from µs, three significant digits up to 1000 s: `812 µs`, `1.20 ms`, `125 s`, `20 min 5 s`. */
export function formatMicros(micros: number): string {
  if (micros < 999.5) {
    return `${Math.round(micros)} µs`;
  }
  if (micros < 999_500) {
    return `${significant(micros / 1000)} ms`;
  }
  if (micros < 999_500_000) {
    return `${significant(micros / 1_000_000)} s`;
  }
  return formatDuration(Math.round(micros / 1_000_000) * 1000);
}

/** The same as {@link formatMicros} from ms. */
export function formatMillis(millis: number): string {
  return formatMicros(millis * 1000);
}

/** A duration that was chosen, so without rounding and trailing zeros: `40 s`, `500 ms`, `1 min 30 s`, `2 h`. */
export function formatDuration(millis: number): string {
  if (millis < 1000) {
    return `${trimmed(millis)} ms`;
  }
  const parts: string[] = [];
  const hours = Math.floor(millis / UNIT_MS.h);
  const minutes = Math.floor((millis % UNIT_MS.h) / UNIT_MS.m);
  const seconds = (millis % UNIT_MS.m) / UNIT_MS.s;
  if (hours > 0) {
    parts.push(`${formatCount(hours)} h`);
  }
  if (minutes > 0) {
    parts.push(`${minutes} min`);
  }
  if (seconds > 0) {
    parts.push(`${trimmed(seconds)} s`);
  }
  return parts.join(' ');
}

/** Three significant digits, never an exponent, whole from 1000 on. */
function significant(value: number): string {
  let decimals = 0;
  if (value < 9.995) {
    decimals = 2;
  } else if (value < 99.95) {
    decimals = 1;
  }
  return value.toFixed(decimals);
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(3)));
}
