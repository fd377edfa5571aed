// @ts-check

/*
 * How long do writes stop when the leader hands over, and is a commit lost? A cluster is started, loaded, hurt and
 * stopped; the exit code says whether the answer is good enough. After `npm install pgha-bench`:
 *
 *   node gate.js
 *
 * SECONDS=60 loads it for longer.
 */
import { formatProgress, init, run, startLab } from 'pgha-bench';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());

const lab = await startLab({ name: 'example', profile: 'fast', signal: interrupt.signal });
try {
  await init({ workload: 'tpcb', workloadOptions: { scale: 10 }, target: lab.target });
  const { result, gates, directory, exitCode } = await run({
    workload: 'tpcb',
    target: lab.target,
    clients: 8,
    durationMs: Number(process.env['SECONDS'] ?? 30) * 1000,
    faults: ['switchover'],
    gates: ['write_downtime.max < 15s', 'lost == 0'],
    label: 'example',
    signal: interrupt.signal,
    onProgress: (progress) =>
      process.stderr.write(`${formatProgress(progress, { columns: 80, color: false, unicode: true })}\n`),
  });
  const passed = gates.filter((gate) => gate.passed).length;
  const downtimes = result.analysis.rounds.map(({ writeDowntime }) => writeDowntime?.durationMs ?? null);
  console.log(
    `${passed} of ${gates.length} gates passed, writes stopped for ${downtimes.join(', ')} ms, see ${directory}`,
  );
  process.exitCode = exitCode;
} finally {
  await lab.stop();
}
