import { clusterFacts } from '../cluster/facts.js';
import { type ClusterMember, getCluster } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import type { Fault } from '../faults/fault.js';
import { FAULTS } from '../faults/registry.js';
import type { Lab } from '../lab/lab.js';
import { PROBE_CONNECTIONS } from '../observe/attempt.js';
import type { FaultPlan, Plan } from '../plan/plan.js';
import { planOf, type RunSettings } from '../plan/settings.js';
import { hostPort, type Secrets, type Target } from '../plan/target.js';
import { choice } from '../plan/words.js';
import { closeClient, LOOK_TIMEOUT_MS, openClient, queryProblem } from '../postgres/connect.js';
import { blamesScript } from '../postgres/failure.js';
import type { TerminalOptions } from '../report/terminal/text.js';
import { renderTerminal } from '../report/terminal.js';
import type { ClusterFacts, Result } from '../result/result.js';
import { writeResult } from '../result/store.js';
import { conduct } from '../run/conductor.js';
import { checkServer } from '../run/preflight.js';
import { givenTo } from '../workload/options.js';
import { type Arguments, each, once } from './arguments.js';
import { EXIT } from './exit.js';
import { prepare } from './init.js';
import { Interrupt } from './interrupt.js';
import { ProgressLines } from './progress-lines.js';
import { type RunOrder, readRunOrder, workloadOf } from './run-order.js';
import { beforeRun, schemasOf, tableOptions } from './run-tables.js';
import {
  givenTarget,
  isTargetGiven,
  labTarget,
  OWN_LAB_NAME,
  type OwnLab,
  type ResolvedTarget,
  startOwnLab,
} from './target.js';
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
  const interrupt = new Interrupt(() =>
    starting ? `'pgha-bench lab down --name ${OWN_LAB_NAME}' stops the lab.\n` : '',
  );
  try {
    const given = isTargetGiven(args) ? await givenTarget(args) : await labTarget(args);
    if (given === undefined) {
      starting = true;
      ownLab = await startLab(order, interrupt.signal);
    }
    return await runAgainst(given ?? ownLab?.lab, order, interrupt.signal);
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
): Promise<number> {
  if (resolved === undefined) {
    throw new UserError('There is no target.');
  }
  const { secrets } = resolved;
  const { settings } = order;
  const { target, members } = await withMembers(resolved.target);
  const { faultPlans, faults } = faultsFor(settings, target);
  for (const [index, fault] of faults.entries()) {
    await fault.check({ target, plan: faultPlans[index] as FaultPlan, access: {}, lab: null });
  }
  const { plan, cluster } = await look({ ...resolved, target }, order, faultPlans, signal);
  await makeReady(target, secrets, order, plan, signal);
  tell(describe(plan));
  const lines = new ProgressLines(process.stderr, styleFor(process.stderr));
  const { result, histograms } = await conduct({
    plan,
    secrets,
    cluster,
    members,
    faults,
    signal,
    progressMs: settings.progressMs,
    onProgress: (progress) => lines.show(progress),
  });
  lines.end();
  const style = styleFor(process.stdout);
  try {
    const directory = await writeResult(order.place, result, histograms);
    process.stdout.write(renderTerminal(result, { ...style, directory }));
  } catch (error) {
    // What was measured is worth more than the place it should have gone to.
    process.stdout.write(renderTerminal(result, style));
    throw error;
  }
  return exitCodeOf(result);
}

/** Looks at the server, its tables and the cluster, and makes the plan. @throws UserError for what does not fit */
async function look(
  resolved: ResolvedTarget,
  order: RunOrder,
  faults: readonly FaultPlan[],
  signal: AbortSignal,
): Promise<{ readonly plan: Plan; readonly cluster: ClusterFacts }> {
  const { target, secrets } = resolved;
  const { settings, composition, given } = order;
  const wait = { queryTimeoutMs: LOOK_TIMEOUT_MS, signal };
  if (target.ro !== undefined) {
    await closeClient(await openClient(target.ro, secrets.roPassword, 'look', wait));
  }
  const sql = await openClient(target.rw, secrets.rwPassword, 'look', wait);
  try {
    const decided = await tableOptions(sql, composition, given, target);
    const workload = await workloadOf(order, decided, target.ro !== undefined);
    const plan = planOf(settings, target, workload, faults);
    await checkServer(sql, plan);
    return { plan, cluster: await clusterFacts(target, sql, isLab(resolved) ? resolved.settings : {}) };
  } catch (error) {
    throw queryProblem(error, target.rw, 'look at the server and its tables');
  } finally {
    await closeClient(sql);
  }
}

/** A vacuum takes the time that it takes: only Ctrl-C ends it. */
async function makeReady(
  { rw }: Target,
  { rwPassword }: Secrets,
  order: RunOrder,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  const sql = await openClient(rw, rwPassword, 'before-run', { signal });
  try {
    await beforeRun(sql, order, plan.workload.options);
  } catch (error) {
    throw queryProblem(error, rw, 'make the tables ready for the run');
  } finally {
    await closeClient(sql);
  }
}

/** The faults of the run. By default a lab has its switchover; a cluster of somebody's own is not touched unasked. */
function faultsFor(
  settings: RunSettings,
  target: Target,
): { faultPlans: readonly FaultPlan[]; faults: readonly Fault[] } {
  const wanted = settings.fault;
  const plan = wanted === 'default' ? defaultFault(settings, target) : wanted;
  if (plan === undefined) {
    return { faultPlans: [], faults: [] };
  }
  const fault = FAULTS.find((candidate) => candidate.kind === plan.kind);
  if (fault === undefined) {
    throw new UserError(`--fault: there is no '${plan.kind}'.`);
  }
  if (fault.needs === 'lab' && target.kind !== 'lab') {
    throw new UserError(
      `--fault: ${fault.kind} can be done to a lab only.`,
      'Leave --rw out, or use --fault none.',
    );
  }
  if (fault.needs === 'patroni' && target.patroni.length === 0) {
    throw new UserError(
      `--fault: ${fault.kind} is done by Patroni, and the target has none.`,
      'Add --patroni URL, or use --fault none.',
    );
  }
  return { faultPlans: [plan], faults: [fault] };
}

/** A run that ends with a number of transactions has no middle that could be known. */
function defaultFault({ durationMs }: RunSettings, target: Target): FaultPlan | undefined {
  if (target.kind !== 'lab' || durationMs === null) {
    return undefined;
  }
  return { kind: 'switchover', atMs: durationMs / 2, options: {} };
}

/** The members of the cluster, and the target with a member that answers in front. @throws UserError when none does */
async function withMembers(
  target: Target,
): Promise<{ readonly target: Target; readonly members: readonly ClusterMember[] }> {
  let failure: unknown;
  for (const url of target.patroni) {
    try {
      const { members } = await getCluster(url);
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

function isLab(resolved: ResolvedTarget): resolved is Lab {
  return resolved.target.kind === 'lab';
}

function describe(plan: Plan): string {
  const [fault] = plan.faults;
  const what = fault === undefined ? 'no fault' : `${fault.kind} at ${fault.atMs / 1000} s`;
  const { workload, clients, target } = plan;
  const ends = endsInWords(plan).join(' or ');
  return `Running ${workload.name} with ${clients} ${clients === 1 ? 'client' : 'clients'} ${ends} against ${hostPort(target.rw)}, ${what}.`;
}

function endsInWords({ durationMs, transactions }: Plan): readonly string[] {
  const ends = durationMs === null ? [] : [`for ${durationMs / 1000} s`];
  if (transactions === null) {
    return ends;
  }
  const { count, per } = transactions;
  const who = per === 'client' ? 'each has' : 'all together have';
  return [...ends, `until ${who} done ${count} ${count === 1 ? 'transaction' : 'transactions'}`];
}

function styleFor(out: NodeJS.WriteStream): TerminalOptions {
  const tty = out.isTTY === true;
  const locale = process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || '';
  return {
    columns: tty ? out.columns : 80,
    color: tty && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
    // A pipe or file is read later, by something that knows UTF-8.
    unicode: !tty || /utf-?8/i.test(locale),
  };
}

/** The scripts are wrong, whatever the target is: said where wrong input is said. */
function neverWorked({ totals, errors }: Result): boolean {
  const [first] = errors;
  const acked = totals.outcomes.ack + totals.outcomes.ack_unreplicated;
  if (acked > 0 || first === undefined || !errors.every(({ code }) => blamesScript(code))) {
    return false;
  }
  tell(`pgha-bench: no transaction went through: ${first.message} (${first.code}). Mend ${first.script}.`);
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
