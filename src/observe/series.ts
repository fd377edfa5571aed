import type { Series } from '../result/observed.js';

/** Points of a series; one that gets more loses every other one. At 4 Hz that is half an hour. */
const MOST_POINTS = 7200;

/** Looks that follow each other more closely than this are one point. */
const EVERY_MS = 250;

/**
 * One value over the run in bounded memory. Of a value that stays the same only its first and its last look are kept.
 * In a run that is longer than the memory allows, points come half as often each time it is full; that a value
 * appeared or vanished is kept when it is added, however close the points.
 */
export class SeriesRecorder {
  private readonly atMs: number[] = [];
  private readonly values: (number | null)[] = [];

  constructor(
    private readonly subject: string,
    private readonly name: Series['name'],
    private readonly unit: Series['unit'],
    private everyMs = EVERY_MS,
    private readonly mostPoints = MOST_POINTS,
  ) {}

  /** @param atMs never before that of the last call */
  add(atMs: number, value: number | null): void {
    const { atMs: times, values } = this;
    const last = times.length - 1;
    const lastValue = values[last];
    if (last >= 1 && lastValue === value && values[last - 1] === value) {
      times[last] = atMs;
      return;
    }
    const vanished = last >= 0 && (lastValue === null) !== (value === null);
    if (last >= 0 && !vanished && atMs - (times[last] ?? 0) < this.everyMs) {
      return;
    }
    times.push(atMs);
    values.push(value);
    if (times.length > this.mostPoints) {
      this.halve();
    }
  }

  series(): Series {
    const { subject, name, unit } = this;
    return {
      subject,
      name,
      unit,
      atMs: this.atMs.map((at) => Math.round(at * 10) / 10),
      values: [...this.values],
    };
  }

  /** Keeps the first point and the last. */
  private halve(): void {
    const { atMs, values } = this;
    let kept = 0;
    for (let index = 0; index < atMs.length; index++) {
      if (index % 2 === 0 || index === atMs.length - 1) {
        atMs[kept] = atMs[index] as number;
        values[kept] = values[index] as number | null;
        kept++;
      }
    }
    atMs.length = kept;
    values.length = kept;
    this.everyMs *= 2;
  }
}

/** The series of one observer, by what they are of. */
export class SeriesBook {
  private readonly recorders = new Map<string, SeriesRecorder>();

  add(subject: string, name: Series['name'], unit: Series['unit'], atMs: number, value: number | null): void {
    const key = `${name} ${subject}`;
    let recorder = this.recorders.get(key);
    if (recorder === undefined) {
      recorder = new SeriesRecorder(subject, name, unit);
      this.recorders.set(key, recorder);
    }
    recorder.add(atMs, value);
  }

  series(): readonly Series[] {
    return [...this.recorders.values()].map((recorder) => recorder.series());
  }
}
