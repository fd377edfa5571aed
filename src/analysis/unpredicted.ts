import { hasFormula, type PredictionContext, predictedDowntime, USUAL_CONTEXT } from './predict.js';
import { type Settings, timingsOf } from './timings.js';

/** Every setting without which a formula may have no answer, with some value of it. */
const SOME_VALUES: Settings = {
  'patroni.ttl': 30,
  'patroni.loop_wait': 10,
  'patroni.retry_timeout': 10,
  'patroni.primary_start_timeout': 300,
  'patroni.synchronous_mode': false,
  'haproxy.inter': '3s',
  'haproxy.fall': 3,
  'haproxy.rise': 2,
};

/**
 * Why nothing is predicted of a fault for which there is a formula, `haproxy.inter and haproxy.rise are not known`; null
 * where there is a prediction, or no formula.
 */
export function unpredictedOf(
  kind: string,
  settings: Settings,
  context: PredictionContext = USUAL_CONTEXT,
): string | null {
  if (!hasFormula(kind) || predictedDowntime(kind, settings, context) !== null) {
    return null;
  }
  const unknown = Object.keys(SOME_VALUES).filter((name) => !isKnown(name, settings));
  const values = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, SOME_VALUES[name] ?? null]));
  const supposed = { ...settings, ...values(unknown) };
  // Those that are missed when all others are known: the formula itself says what it needs.
  const missed = unknown.filter(
    (name) => predictedDowntime(kind, { ...supposed, [name]: null }, context) === null,
  );
  return missed.length === 0 ? null : `${listed(missed)} ${missed.length === 1 ? 'is' : 'are'} not known`;
}

/** What cannot be read is as good as unknown. */
function isKnown(name: string, settings: Settings): boolean {
  const value = settings[name] ?? null;
  if (name === 'patroni.synchronous_mode') {
    return value !== null;
  }
  return Object.values(timingsOf({ [name]: value })).some((timing) => timing !== null);
}

function listed(names: readonly string[]): string {
  const [last, ...others] = [names.at(-1) ?? '', ...names.slice(0, -1)];
  return others.length === 0 ? last : `${others.join(', ')} and ${last}`;
}
