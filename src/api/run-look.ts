import type { ClusterAccess } from '../cluster/access.js';
import { clusterFacts } from '../cluster/facts.js';
import type { Lab } from '../lab/lab.js';
import { type TpcbState, tpcbSums } from '../ledger/invariants.js';
import { sourcesOf } from '../ledger/sources.js';
import { ledgerCaveats, prepareLedger } from '../ledger/table.js';
import type { FaultPlan, Plan } from '../plan/plan.js';
import { planOf } from '../plan/settings.js';
import type { Endpoint, Secrets, Target } from '../plan/target.js';
import { closeClient, LOOK_TIMEOUT_MS, openClient, queryProblem } from '../postgres/connect.js';
import { systemIdentifierOf } from '../postgres/system-identifier.js';
import { wayTo } from '../postgres/way.js';
import type { ClusterFacts, Way } from '../result/result.js';
import { whyUncovered } from '../result/uncovered.js';
import { checkServer } from '../run/preflight.js';
import { type LedgerPlan, planLedger } from '../workload/ledger-plan.js';
import { type RunOrder, workloadOf } from './run-order.js';
import { beforeRun, tableOptions } from './run-tables.js';
import { expectOneCluster, identifierByPatroni } from './same-cluster.js';
import { givenChecks, type ResolvedTarget } from './target.js';

/** Looks at the server, its tables and the cluster, and makes the plan. @throws UserError for what does not fit */
export async function look(
  resolved: ResolvedTarget,
  order: RunOrder,
  faults: readonly FaultPlan[],
  access: ClusterAccess,
  signal: AbortSignal,
): Promise<{ readonly plan: Plan; readonly cluster: ClusterFacts; readonly ledger: LedgerPlan }> {
  const { target, secrets } = resolved;
  const { settings, composition, given } = order;
  const wait = { queryTimeoutMs: LOOK_TIMEOUT_MS, signal };
  const ro = target.ro === undefined ? undefined : await lookAtReads(target.ro, secrets.roPassword, wait);
  const sql = await openClient(target.rw, secrets.rwPassword, 'look', wait);
  try {
    const found = {
      rw: await systemIdentifierOf(sql),
      ro: ro?.identifier ?? null,
      patroni: await identifierByPatroni(target.patroni, access.patroni),
    };
    expectOneCluster(target, found, order.target);
    const decided = await tableOptions(sql, composition, given, target);
    const workload = await workloadOf(order, decided, target.ro !== undefined);
    const context = { ...workload, protocol: settings.protocol, seed: settings.seed };
    const ledger = await planLedger(settings.ledger, workload, context, faults.length > 0);
    const plan = planOf(settings, target, workload, { faults, ledger: ledger.mode });
    const rw = await wayTo(sql, target.rw);
    await checkServer(sql, plan, rw);
    const known = isLab(resolved) ? resolved.settings : givenChecks(order.target);
    const facts = await clusterFacts(target, sql, known, access);
    return { plan, ledger, cluster: { ...facts, ways: { rw, ...(ro === undefined ? {} : { ro: ro.way }) } } };
  } catch (error) {
    throw queryProblem(error, target.rw, 'look at the server and its tables');
  } finally {
    await closeClient(sql);
  }
}

async function lookAtReads(
  endpoint: Endpoint,
  password: string | undefined,
  wait: { readonly queryTimeoutMs: number; readonly signal: AbortSignal },
): Promise<{ readonly way: Way; readonly identifier: string | null }> {
  const sql = await openClient(endpoint, password, 'look', wait);
  try {
    return { way: await wayTo(sql, endpoint), identifier: await systemIdentifierOf(sql) };
  } catch (error) {
    throw queryProblem(error, endpoint, 'look at the server');
  } finally {
    await closeClient(sql);
  }
}

/** What was found when all was made ready. */
export interface Ready {
  /** Sums of pgbench's tables before the load; null where they say nothing. */
  readonly tpcb: TpcbState | null;
  readonly notes: readonly string[];
}

/** A vacuum takes the time that it takes: only Ctrl-C ends it. */
export async function makeReady(
  { rw }: Target,
  { rwPassword }: Secrets,
  order: RunOrder,
  plan: Plan,
  ledger: LedgerPlan,
  signal: AbortSignal,
): Promise<Ready> {
  const sql = await openClient(rw, rwPassword, 'before-run', { signal });
  try {
    await beforeRun(sql, order, plan.workload.options);
    if (ledger.mode === 'off') {
      return { tpcb: null, notes: [] };
    }
    const sources = sourcesOf(ledger);
    await prepareLedger(sql, sources);
    const notes = [...(await ledgerCaveats(sql, sources)), ...uncoveredNotes(ledger)];
    return { tpcb: isTpcb(plan) ? await tpcbSums(sql) : null, notes };
  } catch (error) {
    throw queryProblem(error, rw, 'make the tables ready for the run');
  } finally {
    await closeClient(sql);
  }
}

/** Only where every transaction changes all four tables by the same amount, their sums tell something. */
function isTpcb({ workload }: Plan): boolean {
  return workload.scripts.every(({ name, weight, writes }) => weight === 0 || !writes || name === 'tpcb');
}

/** For people; programs have it in the audit. */
function uncoveredNotes(ledger: LedgerPlan): readonly string[] {
  const why = whyUncovered(ledger);
  return why === null ? [] : [`${why.replace('c', 'C')}.`];
}

export function isLab(resolved: ResolvedTarget): resolved is Lab {
  return resolved.target.kind === 'lab';
}
