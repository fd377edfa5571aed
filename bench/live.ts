/**
 * What the picture of a run costs: CPU time of the main thread for each redraw, at 80 × 24 and 200 × 50, over an hour of
 * 64 clients told by the second. Nothing is written to a terminal.
 *
 *   npm run bench:live
 */
import { LiveView } from '../src/cli/live.js';
import { longRun } from './long-run.js';

const SECONDS = 3600;
/** A redraw each second may take no more of a core than this. */
const GOAL_MS = 10;

const { plan, buckets, events } = longRun();
for (const [columns, rows] of [
  [80, 24],
  [200, 50],
] as const) {
  let bytes = 0;
  const screen = {
    columns,
    rows,
    write: (text: string) => {
      bytes += text.length;
    },
    on: () => undefined,
    off: () => undefined,
  };
  const options = { columns, color: true, unicode: true };
  const view = new LiveView(screen, options, new AbortController().signal);
  const before = process.cpuUsage();
  let at = 0;
  for (let second = 0; second < SECONDS; second++) {
    const toMs = 1000 * (second + 1);
    const from = at;
    while (at < buckets.length && (buckets[at]?.startMs ?? 0) < toMs) {
      at++;
    }
    view.show({
      plan,
      elapsedMs: toMs,
      durationMs: plan.durationMs,
      latest: buckets.slice(from, at),
      leader: 'n1',
      round: null,
      faultsMs: [],
      events: events.filter(({ atMs }) => atMs >= toMs - 1000 && atMs < toMs),
    });
  }
  const { user, system } = process.cpuUsage(before);
  view.end();
  const ms = (user + system) / 1000 / SECONDS;
  console.log(
    `${columns} x ${rows}: ${ms.toFixed(2)} ms of CPU and ${Math.round(bytes / SECONDS)} characters each time, goal ${GOAL_MS} ms`,
  );
}
