import { patroniAccess } from '../cluster/access.js';
import type { HttpAccess } from '../cluster/http.js';
import { type ClusterMember, getCluster } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import { labControl } from '../lab/control.js';
import { type LostToken, writeLostTokens } from '../ledger/lost-tokens.js';
import { PROBE_CONNECTIONS } from '../observe/attempt.js';
import type { FaultPlan } from '../plan/plan.js';
import type { Target } from '../plan/target.js';
import { choice } from '../plan/words.js';
import { blamesScript } from '../postgres/failure.js';
import { plain } from '../report/terminal/text.js';
import { renderTerminal } from '../report/terminal.js';
import type { Result } from '../result/result.js';
import { type HistogramLogs, writeResult } from '../result/store.js';
import { conduct } from '../run/conductor.js';
import { givenTo } from '../workload/options.js';
import { checkAllowed } from './allowed.js';
import { type Arguments, each, once } from './arguments.js';
import { EXIT } from './exit.js';
import { prepare } from './init.js';
import { Interrupt } from './interrupt.js';
import { ProgressLines } from './progress-lines.js';
import { faultsFor } from './run-faults.js';
import { isLab, look, makeReady } from './run-look.js';
import { type RunOrder, readRunOrder } from './run-order.js';
import { schemasOf } from './run-tables.js';
import { describe } from './run-words.js';
import {
  givenTarget,
  isTargetGiven,
  labTarget,
  OWN_LAB_NAME,
  type OwnLab,
  type ResolvedTarget,
  startOwnLab,
} from './target.js';
import { terminalOf } from './terminal.js';
import { printPgbenchScripts, printScript } from './workloads.js';

/** Scale of the tables in a lab of the run's own: enough branches that clients do more than wait for each other's row. */
const OWN_LAB_SCALE = '10';

/** Connections of a server that others use: Patroni, replication, the tool's own looks. */
const OTHER_CONNECTIONS = 30 + PROBE_CONNECTIONS;

/** A lab is one machine: more connections than this it does not take. */
const MOST_LAB_CLIENTS = 5000;

/**
 * `pgha-bench run WORKLOAD`.
 * @param words of the command line, spelled out
 * @returns the exit code
 */
export async function run(args: Arguments, words: readonly string[]): Promise<number> {
  const shown = once(args, 'show-script');
  if (shown !== undefined) {
    await printScript(shown);
    return EXIT.ok;
  }
  if (each(args, 'builtin').includes('list')) {
    await printPgbenchScripts();
    return EXIT.ok;
  }
  return runOrder(await readRunOrder(args, words));
}

async function runOrder(order: RunOrder): Promise<number> {
  const { args } = order;
  let ownLab: OwnLab | undefined;
  let starting = false;
  let standing: readonly string[] = [];
  const interrupt = new Interrupt(() => {
    const left = standing.length === 0 ? '' : `Not undone: ${standing.join(', ')}.\n`;
    return starting ? `${left}'pgha-bench lab down --name ${OWN_LAB_NAME}' stops the lab.\n` : left;
  });
  const onStanding = (names: readonly string[]) => {
    standing = names;
  };
  try {
    const given = isTargetGiven(args) ? await givenTarget(args) : await labTarget(args);
    if (given === undefined) {
      starting = true;
      ownLab = await startLab(order, interrupt.signal);
    }
    return await runAgainst(given ?? ownLab?.lab, order, interrupt.signal, onStanding);
  } catch (error) {
    if (interrupt.signal.aborted) {
      return EXIT.interrupted;
    }
    throw error;
  } finally {
    if (ownLab !== undefined) {
      tell('Stopping the lab.');
      await ownLab.stop();
    }
    interrupt.release();
  }
}

async function startLab(order: RunOrder, signal: AbortSignal): Promise<OwnLab> {
  const { args, settings, composition, given } = order;
  const profile = choice(once(args, 'profile') ?? 'stock', '--profile', ['stock', 'fast'] as const);
  if (settings.clients > MOST_LAB_CLIENTS) {
    throw new UserError(
      `--clients: expected at most ${MOST_LAB_CLIENTS} on a lab that the run starts, found ${settings.clients}.`,
    );
  }
  const maxConnections = Math.max(300, settings.clients + OTHER_CONNECTIONS);
  tell(`No target was given and no lab is up: starting one (profile ${profile}).`);
  const own = await startOwnLab({ profile, maxConnections }, tell, signal);
  try {
    for (const part of schemasOf(composition)) {
      const size = givenTo(part.workload, { scale: OWN_LAB_SCALE, ...given });
      await prepare({ named: part, given: size, target: own.lab, force: false }, signal);
    }
    return own;
  } catch (error) {
    await own.stop();
    throw error;
  }
}

async function runAgainst(
  resolved: ResolvedTarget | undefined,
  order: RunOrder,
  signal: AbortSignal,
  onStanding: (standing: readonly string[]) => void,
): Promise<number> {
  if (resolved === undefined) {
    throw new UserError('There is no target.');
  }
  const { secrets } = resolved;
  const { settings } = order;
  const access = patroniAccess(resolved.target, secrets);
  const lab = isLab(resolved) ? labControl(resolved) : null;
  const { target, members } = await withMembers(resolved.target, access);
  const { faultPlans, faults } = faultsFor(settings, target);
  await checkAllowed(target, faults, settings.allowFault, access);
  for (const [index, fault] of faults.entries()) {
    await fault.check({ target, plan: faultPlans[index] as FaultPlan, access, lab });
  }
  const { plan, cluster, ledger } = await look({ ...resolved, target }, order, faultPlans, access, signal);
  const { tpcb, notes } = await makeReady(target, secrets, order, plan, ledger, signal);
  tell(describe(plan));
  const lines = new ProgressLines(process.stderr, terminalOf(process.stderr));
  const { result, histograms, lost } = await conduct({
    plan,
    secrets,
    access,
    cluster,
    members,
    faults,
    lab,
    ledger,
    tpcb,
    notes,
    signal,
    progressMs: settings.progressMs,
    onProgress: (progress) => lines.show(progress),
    onStanding,
    onStep: (step) => {
      lines.end();
      tell(step);
    },
  });
  lines.end();
  await deliver(order, result, histograms, lost);
  return exitCodeOf(result);
}

/** Writes the result and prints the report. */
async function deliver(
  { place }: RunOrder,
  result: Result,
  histograms: HistogramLogs,
  lost: Iterable<LostToken>,
): Promise<void> {
  const style = terminalOf(process.stdout);
  try {
    const name = result.commits?.lostFile ?? null;
    const further =
      name === null ? [] : [{ name, write: (directory: string) => writeLostTokens(directory, lost) }];
    const directory = await writeResult(place, result, histograms, further);
    process.stdout.write(renderTerminal(result, { ...style, directory }));
  } catch (error) {
    // What was measured is worth more than the place it should have gone to.
    process.stdout.write(renderTerminal(result, style));
    throw error;
  }
}

/** The members of the cluster, and the target with a member that answers in front. @throws UserError when none does */
async function withMembers(
  target: Target,
  access: HttpAccess,
): Promise<{ readonly target: Target; readonly members: readonly ClusterMember[] }> {
  let failure: unknown;
  for (const url of target.patroni) {
    try {
      const { members } = await getCluster(url, access);
      const others = target.patroni.filter((other) => other !== url);
      return { target: { ...target, patroni: [url, ...others] }, members };
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== undefined) {
    throw new UserError(
      `No member of the cluster answers: ${messageOf(failure)}.`,
      'Check --patroni, or the lab.',
    );
  }
  return { target, members: [] };
}

/** The scripts are wrong, whatever the target is: said where wrong input is said. */
function neverWorked({ totals, errors }: Result): boolean {
  const [first] = errors;
  const acked = totals.outcomes.ack + totals.outcomes.ack_unreplicated;
  if (acked > 0 || first === undefined || !errors.every(({ code }) => blamesScript(code))) {
    return false;
  }
  const why = `${plain(first.message)} (${plain(first.code)})`;
  tell(`pgha-bench: no transaction went through: ${why}. Mend ${first.script}.`);
  return true;
}

function exitCodeOf(result: Result): number {
  switch (result.run.status) {
    case 'interrupted':
      return EXIT.interrupted;
    case 'broken':
      return EXIT.broken;
    case 'completed':
      return neverWorked(result) ? EXIT.usage : EXIT.ok;
  }
}

/** Progress goes to stderr: stdout is the report. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
