import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type pg from 'pg';
import type { Options } from 'yargs';
import { clusterFacts } from '../cluster/facts.js';
import { type ClusterMember, getCluster } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import type { Fault } from '../faults/fault.js';
import { FAULTS } from '../faults/registry.js';
import type { Lab } from '../lab/lab.js';
import { PROBE_CONNECTIONS } from '../observe/probe.js';
import type { FaultPlan, Plan, Protocol, WorkloadPlan } from '../plan/plan.js';
import { choice, planOf, type RunSettings, readSettings } from '../plan/settings.js';
import { hostPort, type Target } from '../plan/target.js';
import { closeClient, LOOK_TIMEOUT_MS, openClient, queryProblem } from '../postgres/connect.js';
import type { TerminalOptions } from '../report/terminal/text.js';
import { renderTerminal } from '../report/terminal.js';
import type { ClusterFacts, Result } from '../result/result.js';
import { prepareResultDirectory, type ResultDirectory, writeResult } from '../result/store.js';
import { conduct } from '../run/conductor.js';
import { checkServer } from '../run/preflight.js';
import { compileScripts } from '../workload/pgbench/compile.js';
import { findWorkload, parseOptions } from '../workload/registry.js';
import type { OptionValues, Workload } from '../workload/workload.js';
import { type Arguments, once } from './arguments.js';
import { EXIT } from './exit.js';
import { prepare, workloadOptions } from './init.js';
import { Interrupt } from './interrupt.js';
import { ProgressLines } from './progress-lines.js';
import {
  givenTarget,
  isTargetGiven,
  labTarget,
  OWN_LAB_NAME,
  type OwnLab,
  type ResolvedTarget,
  startOwnLab,
  TARGET_OPTIONS,
} from './target.js';

export const RUN_OPTIONS = {
  clients: { alias: 'c', group: 'Load:', describe: 'virtual clients, one connection each [1]' },
  workers: { alias: 'j', group: 'Load:', describe: 'threads that the clients share [one per core]' },
  duration: { group: 'Load:', describe: 'such as 40s or 5m [60s]' },
  protocol: { alias: 'M', group: 'Load:', describe: 'prepared, extended or simple [prepared]' },
  seed: { group: 'Load:', describe: 'the same seed draws the same values [another each time]' },
  fault: {
    group: 'Fault:',
    describe: 'KIND@TIME, such as switchover@20s, or none [switchover in the middle on a lab, else none]',
  },
  ...TARGET_OPTIONS,
  profile: { group: 'Target:', describe: 'of a lab that the run starts: stock or fast [stock]' },
  out: { group: 'Result:', describe: 'directory, new or empty [results/TIME-WORKLOAD-FAULT]' },
  label: { group: 'Result:', describe: 'a name to know it by' },
  probes: { group: 'Clients:', describe: 'on: ask each endpoint every 20 ms beside the load; or off [on]' },
  'connect-timeout': { group: 'Clients:', describe: 'until a connection is ready [5s]' },
  'statement-timeout': { group: 'Clients:', describe: 'until a statement is answered [10s]' },
  'transaction-timeout': { group: 'Clients:', describe: 'until a transaction is over [30s]' },
  'reconnect-pause': {
    group: 'Clients:',
    describe: 'after a failure, doubled up to the longest [25ms..500ms]',
  },
} as const satisfies Record<string, Options>;

/** Scale of the tables in a lab of the run's own: enough branches that clients do more than wait for each other's row. */
const OWN_LAB_SCALE = '10';

/** Connections of a server that others use: Patroni, replication, the tool's own looks. */
const OTHER_CONNECTIONS = 30 + PROBE_CONNECTIONS;

/** A lab is one machine: more connections than this it does not take. */
const MOST_LAB_CLIENTS = 5000;

/** What is known before the target is looked at. */
interface RunOrder {
  readonly args: Arguments;
  readonly settings: RunSettings;
  readonly workload: Workload;
  /** Options of the workload as they were given. */
  readonly given: Readonly<Record<string, string>>;
  readonly place: ResultDirectory;
}

/** `pgha-bench run WORKLOAD`. @returns the exit code */
export async function run(args: Arguments): Promise<number> {
  const order = await readOrder(args);
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

async function readOrder(args: Arguments): Promise<RunOrder> {
  const workload = await findWorkload(String(args['workload']));
  const given = workloadOptions(args, workload, RUN_OPTIONS);
  parseOptions(workload, given);
  const settings = readSettings({
    text: (name) => once(args, name),
    faults: FAULTS,
    cores: availableParallelism(),
    randomSeed: () => randomInt(2 ** 31),
  });
  const place = await prepareResultDirectory({ out: once(args, 'out') });
  return { args, settings, workload, given, place };
}

async function startLab(order: RunOrder, signal: AbortSignal): Promise<OwnLab> {
  const { args, settings, workload, given } = order;
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
    const scale = workload.options.some((option) => option.name === 'scale') ? { scale: OWN_LAB_SCALE } : {};
    await prepare(own.lab, workload, parseOptions(workload, { ...scale, ...given }), false, signal);
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
  const { settings, workload } = order;
  const { target, members } = await withMembers(resolved.target);
  const { faultPlans, faults } = faultsFor(settings, target);
  for (const [index, fault] of faults.entries()) {
    await fault.check(target, faultPlans[index] as FaultPlan);
  }
  const look = { queryTimeoutMs: LOOK_TIMEOUT_MS, signal };
  if (target.ro !== undefined) {
    await closeClient(await openClient(target.ro, secrets.roPassword, 'look', look));
  }
  const sql = await openClient(target.rw, secrets.rwPassword, 'look', look);
  let plan: Plan;
  let cluster: ClusterFacts;
  try {
    const options = await tableOptions(sql, order, target);
    plan = planOf(settings, target, workloadPlan(workload, options, target, settings.protocol), faultPlans);
    await checkServer(sql, plan);
    cluster = await clusterFacts(target, sql, isLab(resolved) ? resolved.settings : {});
  } catch (error) {
    throw queryProblem(error, target.rw, 'look at the server and its tables');
  } finally {
    await closeClient(sql);
  }
  tell(describe(plan));
  const lines = new ProgressLines(process.stderr, styleFor(process.stderr));
  const { result, histograms } = await conduct({
    plan,
    secrets,
    cluster,
    members,
    faults,
    signal,
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

/** Whether the tables are as the workload needs them. @returns the options that they decide @throws UserError */
async function tableOptions(sql: pg.ClientBase, order: RunOrder, target: Target): Promise<OptionValues> {
  const { workload, given } = order;
  const state = await workload.schema.check(sql, parseOptions(workload, given));
  const where = `${hostPort(target.rw)}, database '${target.rw.database}',`;
  const mend = `Make them with 'pgha-bench init ${workload.name} --scale N' and the same target.`;
  switch (state.kind) {
    case 'ready':
      refuseOther(given, state.options, where);
      return { ...parseOptions(workload, given), ...state.options };
    case 'missing':
      throw new UserError(`${where} has no tables for ${workload.name}.`, mend);
    case 'unfit':
      throw new UserError(`${where} has tables that do not fit ${workload.name}: ${state.problem}`, mend);
  }
}

/** What the tables decide cannot be asked for otherwise. */
function refuseOther(given: Readonly<Record<string, string>>, found: OptionValues, where: string): void {
  for (const [name, value] of Object.entries(found)) {
    if (given[name] !== undefined && given[name] !== String(value)) {
      throw new UserError(
        `--${name}: ${where} has tables of ${name} ${value}, found ${given[name]}.`,
        `Leave --${name} out, or make other tables with init.`,
      );
    }
  }
}

function workloadPlan(
  workload: Workload,
  options: OptionValues,
  target: Target,
  protocol: Protocol,
): WorkloadPlan {
  const programs = compileScripts(workload.scripts, { protocol, variables: Object.keys(options) });
  const routes = new Set(workload.scripts.map((script) => script.route));
  if (routes.size > 1) {
    throw new UserError(
      `${workload.name} has scripts for both endpoints.`,
      'A run drives one endpoint as yet: give its scripts one route.',
    );
  }
  return {
    name: workload.name,
    options,
    scripts: workload.scripts.map((script, index) => ({
      name: script.name,
      weight: script.weight,
      route: script.route === 'ro' && target.ro === undefined ? 'rw' : script.route,
      writes: programs[index]?.writes ?? true,
    })),
  };
}

/** The faults of the run. By default a lab has its switchover; a cluster of somebody's own is not touched unasked. */
function faultsFor(
  settings: RunSettings,
  target: Target,
): { faultPlans: readonly FaultPlan[]; faults: readonly Fault[] } {
  const wanted = settings.fault;
  if (wanted === undefined || (wanted === 'default' && target.kind !== 'lab')) {
    return { faultPlans: [], faults: [] };
  }
  const plan =
    wanted === 'default' ? { kind: 'switchover', atMs: settings.durationMs / 2, options: {} } : wanted;
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
  return `Running ${plan.workload.name} with ${plan.clients} clients for ${plan.durationMs / 1000} s against ${hostPort(plan.target.rw)}, ${what}.`;
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

function exitCodeOf(result: Result): number {
  switch (result.run.status) {
    case 'interrupted':
      return EXIT.interrupted;
    case 'broken':
      return EXIT.broken;
    case 'completed':
      return EXIT.ok;
  }
}

/** Progress goes to stderr: stdout is the report. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
