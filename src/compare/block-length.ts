import { mean } from 'simple-statistics';

/** Fewer blocks say nothing of how they vary. */
export const LEAST_BLOCKS = 4;

/**
 * How many seconds a block of the bootstrap has: at least 10, since stalls and bursts of writes last that long; at least a
 * steady part, where there are several; more where the seconds hang together for longer ({@link automaticLength}); never
 * so many that there are too few blocks.
 * @param part seconds of a steady part
 */
export function blockSeconds(each: readonly number[], part: number): number {
  const least = each.length > part ? Math.max(LEAST, Math.ceil(part)) : LEAST;
  const long = Math.max(least, Math.ceil(automaticLength(each)));
  return Math.max(1, Math.min(long, Math.floor(each.length / LEAST_BLOCKS)));
}

const LEAST = 10;

/**
 * Length of the blocks with the least error for the variance of a mean, by the autocorrelation of the series: Politis and
 * White 2004, Automatic block-length selection for the dependent bootstrap, with the correction of 2009, for the circular
 * one. 1 for a series without any.
 */
export function automaticLength(each: readonly number[]): number {
  const n = each.length;
  const middle = mean([...each]);
  const centred = Float64Array.from(each, (value) => value - middle);
  const run = Math.max(5, Math.ceil(Math.log10(n)));
  const most = Math.ceil(Math.sqrt(n)) + run;
  const covariances = Array.from({ length: most + 1 }, (_, lag) => covariance(centred, lag));
  const variance = covariances[0] ?? 0;
  if (variance === 0) {
    return 1;
  }
  const limit = 2 * Math.sqrt(Math.log10(n) / n);
  const isChance = (lag: number) => Math.abs((covariances[lag] ?? 0) / variance) < limit;
  const lag = Math.min(most, 2 * Math.max(1, lastTellingLag(isChance, run, most)));
  let spectrum = variance;
  let slope = 0;
  for (let k = 1; k <= lag; k++) {
    const weight = k / lag <= 0.5 ? 1 : 2 * (1 - k / lag);
    spectrum += 2 * weight * (covariances[k] ?? 0);
    slope += 2 * weight * k * (covariances[k] ?? 0);
  }
  const length = Math.cbrt((n * 2 * slope ** 2) / ((4 / 3) * spectrum ** 2));
  return Math.min(Math.max(1, length), Math.ceil(Math.min(3 * Math.sqrt(n), n / 3)));
}

/** The smallest lag behind which `run` lags follow that chance explains; the last one where there is none. */
function lastTellingLag(isChance: (lag: number) => boolean, run: number, most: number): number {
  let chances = 0;
  for (let lag = 1; lag <= most; lag++) {
    chances = isChance(lag) ? chances + 1 : 0;
    if (chances === run) {
      return lag - run;
    }
  }
  return most;
}

function covariance(centred: Float64Array, lag: number): number {
  let sum = 0;
  for (let i = lag; i < centred.length; i++) {
    sum += (centred[i] as number) * (centred[i - lag] as number);
  }
  return sum / centred.length;
}
