const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000,
];
const DAY_MS = 86_400_000;

/** The smallest round step that is at least so long. */
export function tickStep(leastMs: number): number {
  return STEPS_MS.find((step) => step >= leastMs) ?? DAY_MS * Math.ceil(leastMs / DAY_MS);
}

/** Round instants of the window. */
export function ticksIn(fromMs: number, toMs: number, stepMs: number): number[] {
  const ticks: number[] = [];
  for (let at = Math.ceil(fromMs / stepMs); at * stepMs <= toMs; at++) {
    ticks.push(at * stepMs);
  }
  return ticks;
}

/** An instant at a tick: `20 s`, `20.5 s`, `12:30` from two minutes on, `1:12:30` from an hour on. */
export function tickLabel(atMs: number, stepMs: number): string {
  const sign = atMs < 0 ? '−' : '';
  const ms = Math.abs(atMs);
  if (ms < 120_000) {
    const decimals = stepMs >= 1000 ? 0 : Math.min(3, Math.ceil(-Math.log10(stepMs / 1000)));
    return `${sign}${(ms / 1000).toFixed(decimals)} s`;
  }
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1000;
  const decimals = stepMs >= 1000 ? 0 : Math.min(3, Math.ceil(-Math.log10(stepMs / 1000)));
  const secondsText = seconds.toFixed(decimals).padStart(decimals === 0 ? 2 : 3 + decimals, '0');
  return hours > 0 ? `${sign}${hours}:${two(minutes)}:${secondsText}` : `${sign}${minutes}:${secondsText}`;
}
