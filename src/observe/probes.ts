import type { RunClock } from '../clock.js';
import type { ClusterMember } from '../cluster/patroni.js';
import type { Frame } from '../load/frame.js';
import type { Plan } from '../plan/plan.js';
import { directly, type Endpoint, type Route, type Secrets } from '../plan/target.js';
import { applicationName } from '../postgres/application-name.js';
import type { SessionOptions } from '../postgres/session.js';
import { MOST_ASKED, PROBE_CADENCE_MS, PROBE_CONNECTIONS } from './attempt.js';
import { Beats } from './beats.js';
import { ConnectProbe } from './connect-probe.js';
import { DirectWriter } from './direct-writer.js';
import { Heartbeat } from './heartbeat.js';
import { Probe } from './probe.js';

/** What a run asks beside its load, all of it. */
export interface Probes {
  start(): void;
  /** Instant 0 of the run, which is not that of start(). */
  begin(): void;
  /** Ends them and emits what is left; again does nothing more. */
  stop(): void;
  /** A fault is about to be done: look closely for the next seconds. */
  dense(): void;
  /** What a reader of the result must know; complete after stop(). */
  readonly notes: readonly string[];
}

export interface ProbesOptions {
  readonly plan: Plan;
  readonly secrets: Secrets;
  /** As /cluster lists them; empty without Patroni. */
  readonly members: readonly ClusterMember[];
  readonly runId: string;
  readonly clock: RunClock;
  readonly emit: (frame: Frame) => void;
  /** Whether there is a row for the heartbeat, see prepareHeartbeat. */
  readonly heartbeat: boolean;
  /** Told of each beat of a probe how late it was, µs: for the health of this thread. */
  readonly onLate?: (byUs: number) => void;
}

/** Makes what the plan asks for; nothing is connected before start(). */
export function probesOf(options: ProbesOptions): Probes {
  const beats = new Beats(PROBE_CADENCE_MS);
  const services: Probe[] = [];
  const connects: ConnectProbe[] = [];
  if (options.plan.probes) {
    for (const route of routesOf(options.plan)) {
      const { service, connect } = pairOf(options, route, beats);
      services.push(service);
      connects.push(connect);
    }
  }
  const heartbeat = heartbeatOf(options);
  const { writers, unreachable } = directWritersOf(options);
  const all = [...services, ...connects, ...(heartbeat === undefined ? [] : [heartbeat]), ...writers];
  let running = false;
  return {
    start() {
      running = true;
      for (const each of all) {
        each.start();
      }
    },
    begin() {
      for (const each of connects) {
        each.begin();
      }
    },
    stop() {
      if (running) {
        running = false;
        for (const each of all) {
          each.stop();
        }
      }
    },
    dense() {
      for (const each of services) {
        each.keepHome();
      }
      for (const each of connects) {
        each.dense();
      }
      heartbeat?.dense();
    },
    get notes() {
      return [...unreachable, ...writers.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))];
    },
  };
}

/** The most connections that look on beside the load at once. */
export interface Lookers {
  /** Through one port. */
  readonly port: number;
  /** At one server that both ports lead to, when it hangs or has just come back. */
  readonly server: number;
}

/** A run that has not so many to spare would be a run in which the probes keep the load's clients out. */
export function lookersOf(
  plan: Pick<Plan, 'probes' | 'observers' | 'directWrites'> & { readonly target: Pick<Plan['target'], 'ro'> },
): Lookers {
  // The service probe's home, and a new one of each probe beside those that are being made; they never make them both at once.
  const probes = plan.probes ? 1 + PROBE_CONNECTIONS + 2 * MOST_ASKED : 0;
  // One that writes and one that reads, each through its port.
  const heartbeat = plan.probes && plan.target.ro !== undefined ? 2 : 0;
  // Those go past the ports.
  const past = (plan.directWrites ? 1 : 0) + (plan.observers ? 1 : 0);
  return { port: probes + heartbeat / 2, server: probes + heartbeat + past };
}

function routesOf({ target }: Plan): readonly Route[] {
  return target.ro === undefined ? ['rw'] : ['rw', 'ro'];
}

/** So that those of two ports do not come together. */
const FIRST_RO_AFTER_MS = 1000;

function pairOf(
  options: ProbesOptions,
  route: Route,
  beats: Beats,
): { readonly service: Probe; readonly connect: ConnectProbe } {
  const { clock, emit, plan, onLate } = options;
  const { intervalMs, target } = plan;
  const endpoint = route === 'rw' ? target.rw : (target.ro ?? target.rw);
  const shared = { route, clock, emit, intervalMs, beats };
  const connect = new ConnectProbe({
    ...shared,
    session: sessionOf(options, endpoint, route, `connect-${route}`),
    firstAfterMs: route === 'rw' ? 0 : FIRST_RO_AFTER_MS,
  });
  const service = new Probe({
    ...shared,
    protocol: plan.protocol,
    session: sessionOf(options, endpoint, route, `probe-${route}`),
    newConnections: connect,
    ...(onLate === undefined || route === 'ro' ? {} : { onLate }),
  });
  return { service, connect };
}

function heartbeatOf(options: ProbesOptions): Heartbeat | undefined {
  const { plan, runId, clock, emit } = options;
  const { rw, ro } = plan.target;
  if (!options.heartbeat || !plan.probes || ro === undefined) {
    return undefined;
  }
  return new Heartbeat({
    runId,
    protocol: plan.protocol,
    writer: sessionOf(options, rw, 'rw', 'heartbeat-rw'),
    reader: sessionOf(options, ro, 'ro', 'heartbeat-ro'),
    clock,
    intervalMs: plan.intervalMs,
    emit,
  });
}

function directWritersOf(options: ProbesOptions): {
  readonly writers: readonly DirectWriter[];
  readonly unreachable: readonly string[];
} {
  const { plan, members, clock, emit } = options;
  const writers: DirectWriter[] = [];
  const unreachable: string[] = [];
  if (!plan.directWrites) {
    return { writers, unreachable };
  }
  if (members.length === 0) {
    unreachable.push(
      'There are no direct writers: without Patroni the addresses of the nodes are not known.',
    );
  }
  for (const { name, host, port } of members) {
    if (host === null || port === null) {
      unreachable.push(`There is no direct writer to ${name}: Patroni does not tell its address.`);
      continue;
    }
    const endpoint = directly(plan.target.rw, { host, port });
    writers.push(
      new DirectWriter({
        member: name,
        protocol: plan.protocol,
        session: sessionOf(options, endpoint, 'rw', `direct-${name}`),
        clock,
        intervalMs: plan.intervalMs,
        emit,
      }),
    );
  }
  return { writers, unreachable };
}

function sessionOf(
  { runId, secrets }: ProbesOptions,
  endpoint: Endpoint,
  route: Route,
  purpose: string,
): SessionOptions {
  return {
    endpoint,
    password: route === 'rw' ? secrets.rwPassword : secrets.roPassword,
    applicationName: applicationName(runId, purpose),
    identify: false,
  };
}
