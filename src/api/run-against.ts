import { knownCost, thisMachine } from '../calibration/calibration.js';
import { readCalibration } from '../calibration/store.js';
import { type ClusterAccess, clusterAccess } from '../cluster/access.js';
import { withDirect } from '../cluster/direct.js';
import type { HttpAccess } from '../cluster/http.js';
import { type ClusterMember, getCluster } from '../cluster/patroni.js';
import { patroniKeys } from '../cluster/patroni-keys.js';
import { refusalBeforeRun } from '../doctor/before-run.js';
import { messageOf, UserError } from '../errors.js';
import { labControl } from '../lab/control.js';
import { stateBase } from '../lab/state.js';
import type { FaultPlan } from '../plan/plan.js';
import type { Target } from '../plan/target.js';
import { conduct } from '../run/conductor.js';
import type { RunOutcome as Conducted } from '../run/outcome.js';
import { checkAllowed } from './allowed.js';
import type { RunHooks } from './options.js';
import { faultsFor } from './run-faults.js';
import { isLab, look, makeReady } from './run-look.js';
import type { RunOrder } from './run-order.js';
import { describe } from './run-words.js';
import type { ResolvedTarget } from './target.js';

/** Runs what was asked against a target that is there. @throws UserError for what does not fit, and when it is aborted */
export async function runAgainst(
  resolved: ResolvedTarget,
  order: RunOrder,
  hooks: RunHooks,
  signal: AbortSignal,
): Promise<Conducted> {
  const { secrets } = resolved;
  const { settings } = order;
  const access = clusterAccess(resolved.target, secrets);
  const lab = isLab(resolved) ? labControl(resolved) : null;
  const { target, members } = await withMembers(resolved.target, access.patroni);
  const { faultPlans, faults } = faultsFor(settings, target);
  await checkAllowed(target, faults, settings.allowFault, access.patroni);
  for (const [index, fault] of faults.entries()) {
    await fault.check({ target, plan: faultPlans[index] as FaultPlan, access, lab });
  }
  if (settings.doctor) {
    await refuseIll(target, access, faultPlans, signal);
  }
  const { plan, cluster, ledger } = await look({ ...resolved, target }, order, faultPlans, access, signal);
  const { tpcb, notes } = await makeReady(target, secrets, order, plan, ledger, signal);
  const { onStep = ignore, onProgress = ignore, onStanding = ignore } = hooks;
  const calibration = await readCalibration(stateBase(order.input.stateDir));
  onStep(describe(plan));
  return conduct({
    plan,
    secrets,
    access,
    cluster,
    members,
    keys: await patroniKeys(target.etcd ?? [], cluster.scope, { ...access.etcd, timeoutMs: KEYS_TIMEOUT_MS }),
    faults,
    lab,
    ledger,
    workerCost: knownCost(calibration, thisMachine(), plan.protocol),
    tpcb,
    notes,
    signal,
    progressMs: settings.progressMs,
    onProgress,
    onStanding,
    onStep,
  });
}

/** It is only looked for where the keys are. */
const KEYS_TIMEOUT_MS = 2000;

const ignore = () => undefined;

/** @throws UserError for what the doctor finds and would make the run fail or mislead */
async function refuseIll(
  target: Target,
  access: ClusterAccess,
  faults: readonly FaultPlan[],
  signal: AbortSignal,
): Promise<void> {
  // Words such as `leader` are no names, and harm nothing.
  const hurt = faults.flatMap(({ options }) => Object.values(options));
  const finding = await refusalBeforeRun(target, access, hurt, signal);
  if (finding !== null) {
    const { found, fix, check } = finding;
    throw new UserError(
      `${found} ${fix.replace(/\.?$/, '.')}`,
      `'pgha-bench doctor' says more (${check}); --doctor off runs all the same.`,
    );
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
      return { target: { ...target, patroni: [url, ...others] }, members: withDirect(members, target) };
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
