import { expect } from 'vitest';
import type { Result } from '../result/result.js';
import type { CommandLine } from './command.fixture.js';

/**
 * A lab holds a node still for half a second at most before it kills it, and lists its processes meanwhile, which takes
 * as long again on a busy machine; and etcd's elections count from its last heartbeat: docs/predict.md.
 */
const HOLD_MS = 1000;

/**
 * The only round of a run lies within what the settings imply, but for what docs/predict.md explains, and `predict` says
 * the same of the lab as the run does.
 * @param fault as it was asked for, without its time
 */
export async function expectPredicted(
  cli: CommandLine,
  lab: string,
  fault: string,
  result: Result,
): Promise<void> {
  const [round] = result.analysis.rounds;
  const record = result.faults[round?.fault ?? -1];
  const { prediction = null, writeDowntime = null } = round ?? {};
  if (prediction === null || writeDowntime === null) {
    throw new Error('The round has no prediction, or no write downtime.');
  }
  const lateMs = writeDowntime.stallMs + HOLD_MS;
  expect(writeDowntime.durationMs + lateMs).toBeGreaterThanOrEqual(prediction.minMs);
  expect(writeDowntime.durationMs - writeDowntime.resolutionMs - writeDowntime.stallMs).toBeLessThanOrEqual(
    prediction.maxMs ?? Infinity,
  );

  const { stdout } = await cli.succeed(['predict', fault, '--lab', lab, '--format', 'json']);
  const etcdLeaderLost = record?.subject === record?.etcdLeader;
  const { faults } = JSON.parse(stdout);
  const told =
    faults.find((each: { etcdLeaderLost: boolean }) => each.etcdLeaderLost === etcdLeaderLost) ?? faults[0];
  const { minMs, maxMs, parts } = prediction;
  expect(told.writes).toEqual({ minMs, maxMs, parts, holds: null });
}
