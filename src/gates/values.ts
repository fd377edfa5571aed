import type { GateUnit } from '../result/gate.js';
import { formatCount, formatMicros, formatMillis, formatRate } from '../units.js';

/** How a value of a unit is to be written, for messages. */
export const VALUE_FORMS: Readonly<Record<GateUnit, string>> = {
  ms: 'a duration such as 10s, 500ms or 1m30s',
  us: 'a duration such as 50ms, 800us or 1.5s',
  tps: 'a rate in transactions per second such as 1000',
  count: 'a number such as 0 or 10',
  percent: 'a share in percent such as 0.1%',
  bytes: 'a size such as 0B, 64kB or 16MB',
};

const TIMES_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  min: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  μs: 0.001,
};

/** As PostgreSQL counts them. */
const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};

const NUMBER = String.raw`(\d+(?:\.\d+)?(?:e[+-]?\d+)?)`;
const PART = new RegExp(`${NUMBER}([a-zA-Zµμ%]*)`, 'y');

/** The value of a text such as `10s` in the unit that is asked for; undefined where it is none, or one of another unit. */
export function parseValue(text: string, unit: GateUnit): number | undefined {
  const parts = partsOf(text);
  const value = parts === undefined ? undefined : inUnit(parts, unit);
  return value === undefined || !Number.isFinite(value) ? undefined : rounded(value);
}

/** Exactly, in a form that {@link parseValue} takes. */
export function printValue(value: number, unit: GateUnit): string {
  switch (unit) {
    case 'ms':
      return value % 1000 === 0 && value > 0 ? `${value / 1000}s` : `${value}ms`;
    case 'us':
      return value % 1000 === 0 ? `${value / 1000}ms` : `${value}us`;
    case 'tps':
    case 'count':
      return String(value);
    case 'percent':
      return `${value}%`;
    case 'bytes':
      return `${value}B`;
  }
}

/** For people, rounded as in the reports. */
export function showValue(value: number, unit: GateUnit): string {
  switch (unit) {
    case 'ms':
      return value === 0 ? '0 ms' : formatMillis(value);
    case 'us':
      return formatMicros(value);
    case 'tps':
      return `${formatRate(value)} tps`;
    case 'count':
      return Number.isInteger(value) ? formatCount(value) : String(rounded(value));
    case 'percent':
      return `${Number(value.toPrecision(3))} %`;
    case 'bytes':
      return showBytes(value);
  }
}

interface ValuePart {
  readonly number: number;
  readonly unit: string;
}

function partsOf(text: string): ValuePart[] | undefined {
  const parts: ValuePart[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const match = PART.exec(text);
    if (match === null) {
      return undefined;
    }
    parts.push({ number: Number(match[1]), unit: match[2] ?? '' });
  }
  return parts;
}

function inUnit(parts: readonly ValuePart[], unit: GateUnit): number | undefined {
  const [first, ...more] = parts;
  if (first === undefined || (more.length > 0 && unit !== 'ms' && unit !== 'us')) {
    return undefined;
  }
  switch (unit) {
    case 'ms':
      return millisOf(parts);
    case 'us': {
      const millis = millisOf(parts);
      return millis === undefined ? undefined : millis * 1000;
    }
    case 'tps':
      return first.unit === '' || first.unit === 'tps' ? first.number : undefined;
    case 'count':
      return first.unit === '' ? first.number : undefined;
    case 'percent':
      return first.unit === '%' ? first.number : undefined;
    case 'bytes':
      return Object.hasOwn(SIZES, first.unit) ? first.number * (SIZES[first.unit] as number) : undefined;
  }
}

/** `1m30s`: larger units first, each at most once. */
function millisOf(parts: readonly ValuePart[]): number | undefined {
  let total = 0;
  let last = Infinity;
  for (const { number, unit } of parts) {
    const factor = Object.hasOwn(TIMES_MS, unit) ? (TIMES_MS[unit] as number) : Infinity;
    if (factor >= last) {
      return undefined;
    }
    total += number * factor;
    last = factor;
  }
  return total;
}

/** 0.3 s are 300 ms, whatever binary fractions make of it. */
function rounded(value: number): number {
  return Number(value.toPrecision(15));
}

function showBytes(bytes: number): string {
  for (const [name, size] of Object.entries(SIZES).reverse()) {
    if (bytes >= size && size > 1) {
      return `${Number((bytes / size).toPrecision(3))} ${name}`;
    }
  }
  return `${formatCount(bytes)} B`;
}
