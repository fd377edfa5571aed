import type { RunClock } from '../clock.js';
import { getHealth } from '../cluster/health.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { mender } from '../faults/mend.js';
import type { ClusterFacts } from '../result/result.js';
import type { EventLog } from './event-log.js';
import type { ScheduleContext } from './schedule.js';
import type { ServiceWatch } from './service-watch.js';

/** Patroni's defaults, for where its settings could not be read. */
const TTL_SECONDS = 30;
const LOOP_WAIT_SECONDS = 10;

/** What the schedule has of the run as it is. */
type Handed = Pick<
  ScheduleContext,
  'plan' | 'faults' | 'access' | 'lab' | 'signal' | 'interrupt' | 'onStanding' | 'onRound'
>;

/** The parts of a run that the schedule sees through its context. */
export interface ScheduledRun extends Handed {
  readonly clock: RunClock;
  readonly cluster: ClusterFacts;
  readonly members: readonly ClusterMember[];
  readonly log: EventLog;
  readonly service: ServiceWatch;
  /** A fault is about to be injected, at this instant in ms. */
  readonly onFault: (nowMs: number) => void;
}

/** What the schedule sees of a run, and where what it tells goes. */
export function scheduleContext(run: ScheduledRun): ScheduleContext {
  const { plan, faults, access, lab, signal, interrupt, onStanding, onRound } = run;
  const { clock, cluster, members, log, service } = run;
  return {
    plan,
    faults,
    access,
    lab,
    clock,
    signal,
    interrupt,
    ttlMs: settingMs(cluster, 'ttl', TTL_SECONDS),
    loopWaitMs: settingMs(cluster, 'loop_wait', LOOP_WAIT_SECONDS),
    leader: () => log.leader,
    leaderChanges: () => log.leaderChanges,
    servedForMs: (fromMs) => service.servedForMs(clock.nowMs(), fromMs),
    setUsual: () => service.setUsual(clock.nowMs()),
    isAsUsual: () => service.isAsUsual(clock.nowMs()),
    mend: lab === null ? async () => [] : mender(access.patroni),
    health: () => getHealth(plan.target.patroni, { timeoutMs: 1000, ...access.patroni }, members.length),
    before: () => run.onFault(clock.nowMs()),
    tell: (kind, atMs, text) =>
      log.add({ atMs, uncertaintyMs: 0, layer: 'fault', kind, subject: '', from: null, to: null, text }),
    onStanding,
    onRound,
    random: Math.random,
  };
}

function settingMs({ settings }: ClusterFacts, name: string, otherwiseSeconds: number): number {
  const seconds = settings[`patroni.${name}`];
  return 1000 * (typeof seconds === 'number' ? seconds : otherwiseSeconds);
}
