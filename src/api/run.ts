import { UserError } from '../errors.js';
import { profileNamed } from '../lab/profiles.js';
import { PROBE_CONNECTIONS } from '../observe/attempt.js';
import { givenTo } from '../workload/options.js';
import { once } from './arguments.js';
import { makeTables } from './init.js';
import { isInterruption } from './interruption.js';
import type { RunHooks, RunOptions } from './options.js';
import { deliver, type RunOutcome } from './outcome.js';
import { type OwnLab, ownLabName, startOwnLab } from './own-lab.js';
import { runAgainst } from './run-against.js';
import { type RunOrder, readRunOrder } from './run-order.js';
import { schemasOf } from './run-tables.js';
import { resolveTarget } from './target.js';
import { fileInWords } from './target-settings.js';
import { runGiven } from './texts.js';

/** Scale of the tables in a lab of the run's own: enough branches that clients do more than wait for each other's row. */
const OWN_LAB_SCALE = '10';

/** Connections of a server that others use: Patroni, replication, the tool's own looks. */
const OTHER_CONNECTIONS = 30 + PROBE_CONNECTIONS;

/** A lab is one machine: more connections than this it does not take. */
const MOST_LAB_CLIENTS = 5000;

/**
 * Runs workloads against a cluster, hurts it as was asked, and tells what the clients lived through. The result is
 * written to a folder.
 * @returns also for a run that broke, that was interrupted, or whose gates failed: `exitCode` tells
 * @throws UserError for what is wrong in the options (before anything is connected to) and for a target that cannot be
 *   run against; UnwrittenResult when the result cannot be written; the signal's reason when it was aborted before
 *   there was anything to tell
 */
export async function run(options: RunOptions): Promise<RunOutcome> {
  try {
    return await carryOut(await readRunOrder(runGiven(options)), options);
  } catch (error) {
    if (isInterruption(error, options.signal)) {
      options.signal?.throwIfAborted();
    }
    throw error;
  }
}

/** Does what was asked, on a lab of its own where there is no other target. @throws as {@link run}, and when aborted */
export async function carryOut(order: RunOrder, hooks: RunHooks): Promise<RunOutcome> {
  // A run sets a limit of listeners; the caller's own signal may have others.
  const signal = AbortSignal.any(hooks.signal === undefined ? [] : [hooks.signal]);
  const { input } = order;
  const file = fileInWords(order.target);
  if (file !== undefined) {
    hooks.onStep?.(file);
  }
  const given = await resolveTarget(input, order.target);
  if (given !== undefined) {
    return deliver(order, await runAgainst(given, order, hooks, signal), hooks);
  }
  const own = await startLab(order, hooks, signal);
  try {
    return await deliver(order, await runAgainst(own.lab, order, hooks, signal), hooks);
  } finally {
    hooks.onStep?.('Stopping the lab.');
    await own.stop();
  }
}

async function startLab(order: RunOrder, hooks: RunHooks, signal: AbortSignal): Promise<OwnLab> {
  const { input, settings, composition, given } = order;
  const { onStep = () => undefined, onPrepare: onProgress } = hooks;
  const profile = profileNamed(once(input.args, 'profile') ?? 'stock');
  if (settings.clients > MOST_LAB_CLIENTS) {
    throw new UserError(
      `--clients: expected at most ${MOST_LAB_CLIENTS} on a lab that the run starts, found ${settings.clients}.`,
    );
  }
  const maxConnections = Math.max(300, settings.clients + OTHER_CONNECTIONS);
  const name = ownLabName();
  hooks.onOwnLab?.(name);
  onStep(`No target was given and no lab is up: starting one (profile ${profile}).`);
  const own = await startOwnLab({ name, profile, maxConnections }, onStep, signal);
  try {
    for (const part of schemasOf(composition)) {
      const size = givenTo(part.workload, { scale: OWN_LAB_SCALE, ...given });
      const tables = { named: part, given: size, target: own.lab, force: false };
      await makeTables(tables, { signal, onProgress });
    }
    return own;
  } catch (error) {
    await own.stop();
    throw error;
  }
}
