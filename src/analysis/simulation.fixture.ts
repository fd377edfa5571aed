import { IntervalCounts } from '../histogram.js';
import type { ErrorFrame, ProbeFrame, ScriptFrame, ServerFrame } from '../load/frame.js';
import type { Plan, Stage } from '../plan/plan.js';
import { routeOfClient } from '../plan/ports.js';
import type { Route } from '../plan/target.js';
import { OUTCOMES, type Outcome } from '../postgres/outcome.js';
import type { ClientFacts, ClusterFacts, Event, FaultRecord, Gap } from '../result/result.js';
import { mergeBuckets } from './buckets.js';
import type { Bucket, Recording } from './recording.js';

/*
 * Clients against a cluster that is away by a timetable, in simulated time: what a worker would have recorded,
 * deterministic and in milliseconds of real time.
 */

/** How a port answers from `fromMs` on, until the next entry of its timetable. */
export interface PortState {
  readonly fromMs: number;
  /** `cut` ends what is in flight at `fromMs`, and refuses new connections like `refuse`. */
  readonly state: 'up' | 'cut' | 'refuse' | 'hang';
  readonly server?: string;
  readonly code?: string;
  readonly message?: string;
  /** Share of the attempts that are refused; the others meet the state before. */
  readonly share?: number;
}

export interface Simulation {
  readonly plan: Plan;
  readonly ports: Readonly<Partial<Record<Route, readonly PortState[]>>>;
  readonly meanServiceMs: number;
  /** Share of the transactions that are tried once more before they are acknowledged. */
  readonly retriedShare?: number;
  /** Texts of the commands of each script; each takes its share of the service time. */
  readonly commands?: readonly (readonly string[])[];
  readonly faults?: readonly FaultRecord[];
  readonly events?: readonly Event[];
  readonly cluster?: ClusterFacts;
  /** When the load was broken off. */
  readonly interruptedAtMs?: number;
  /** When the load had done its transactions, where they bound it. */
  readonly doneAtMs?: number;
}

type Happening =
  | { kind: 'ack'; script: number; server: string; retried: boolean; intendedUs: number; startUs: number }
  | { kind: 'begin'; script: number; lagUs: number }
  | { kind: 'skip'; script: number }
  | { kind: 'failure'; script: number; server: string; outcome: Outcome; code: string; message: string }
  | { kind: 'connect'; tookUs: number };

interface Dated {
  readonly atUs: number;
  readonly what: Happening;
}

/** Uniform in [0, 1), the same for the same seed on every machine (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function simulate(simulation: Simulation): Recording {
  const { plan, faults = [], events = [], cluster = UNKNOWN_CLUSTER } = simulation;
  const histories = Array.from({ length: plan.clients }, (_, client) => clientHistory(simulation, client));
  const all = histories.flat().sort((a, b) => a.atUs - b.atUs);
  const endMs = endOf(simulation);
  const elapsedMs = Math.max(endMs, (all.at(-1)?.atUs ?? 0) / 1000);
  return {
    plan,
    buckets: bucketsOf(simulation, all, elapsedMs),
    clients: histories.map((history, client) => factsOf(client, history)),
    gaps: histories.map((history) => gapsOf(history, faults)),
    faults,
    events,
    cluster,
    commands: commandsOf(simulation).map((texts) => texts.map((text, index) => ({ line: index + 1, text }))),
    elapsedMs,
  };
}

const UNKNOWN_CLUSTER: ClusterFacts = {
  postgres: null,
  patroni: null,
  haproxy: null,
  scope: null,
  ways: null,
  members: [],
  settings: {},
};

/** Of the load, ms. */
function endOf({ plan, interruptedAtMs, doneAtMs }: Simulation): number {
  return interruptedAtMs ?? doneAtMs ?? plan.durationMs ?? 0;
}

function commandsOf({ plan, commands = [] }: Simulation): readonly (readonly string[])[] {
  return plan.workload.scripts.map((_, script) => commands[script] ?? []);
}

/** Everything one client lived through, in order of time. */
function clientHistory(simulation: Simulation, client: number): Dated[] {
  const { plan } = simulation;
  const random = randomOf(plan.seed * 1009 + client);
  const endUs = endOf(simulation) * 1000;
  const history: Dated[] = [];
  const schedule = scheduleOf(plan, client);
  const retryRandom = randomOf(plan.seed * 104_729 + client);
  let freeUs = Math.round(random() * 400);
  let connectedTo: string | null = null;
  const served = routeOfClient(plan, client);
  for (;;) {
    const intendedUs = schedule?.() ?? freeUs;
    const script = scriptAt(plan, random(), served === 'both' ? undefined : served);
    let atUs = Math.max(freeUs, intendedUs);
    if (atUs >= endUs) {
      return history;
    }
    if (schedule !== undefined) {
      if (plan.latencyLimitMs !== null && atUs - intendedUs > plan.latencyLimitMs * 1000) {
        history.push({ atUs, what: { kind: 'skip', script } });
        continue;
      }
      history.push({ atUs, what: { kind: 'begin', script, lagUs: atUs - intendedUs } });
    }
    const port = simulation.ports[plan.workload.scripts[script]?.route ?? 'rw'] ?? [];
    if (wasCut(port, freeUs, atUs)) {
      connectedTo = null;
    }
    for (let failures = 0; atUs < endUs; failures++) {
      const serviceUs = serviceTime(simulation, atUs, random);
      const attempt = attemptAt(plan, port, atUs, serviceUs, connectedTo, random);
      const retried = retryRandom() < (simulation.retriedShare ?? 0);
      for (const what of attempt.happenings) {
        history.push({ atUs: attempt.endUs, what: completed(what, { script, intendedUs, retried }) });
      }
      connectedTo = attempt.connectedTo;
      if (attempt.acked) {
        atUs = attempt.endUs + 5;
        break;
      }
      const pauseMs = Math.min(plan.reconnect.capMs, plan.reconnect.firstMs * 2 ** failures);
      atUs = attempt.endUs + Math.round(pauseMs * 1000 * (0.5 + 0.5 * random()));
    }
    freeUs = atUs;
  }
}

/** Whether an idle connection was lost. */
function wasCut(port: readonly PortState[], fromUs: number, toUs: number): boolean {
  return port.some(({ fromMs, state }) => state === 'cut' && fromMs * 1000 > fromUs && fromMs * 1000 <= toUs);
}

function completed(
  what: Happening,
  { script, intendedUs, retried }: { script: number; intendedUs: number; retried: boolean },
): Happening {
  if (what.kind === 'ack') {
    return { ...what, script, intendedUs, retried };
  }
  return what.kind === 'failure' ? { ...what, script } : what;
}

/** Instants of a Poisson process of the client's share of the rate, µs; undefined for a closed pace. */
function scheduleOf({ pace, clients, seed }: Plan, client: number): (() => number) | undefined {
  if (pace.kind === 'closed') {
    return undefined;
  }
  const random = randomOf(seed * 7919 + client);
  const peakTps = Math.max(...pace.stages.flatMap(({ fromTps, toTps }) => [fromTps, toTps]));
  let atMs = 0;
  return () => {
    // Drawn at the highest rate and thinned to the one of the instant.
    do {
      atMs += (-Math.log(1 - random()) * 1000 * clients) / peakTps;
    } while (random() * peakTps >= rateAt(pace.stages, atMs));
    return Math.round(atMs * 1000);
  };
}

function rateAt(stages: readonly Stage[], atMs: number): number {
  let startMs = 0;
  for (const { durationMs, fromTps, toTps } of stages) {
    if (durationMs === null) {
      return fromTps;
    }
    if (atMs < startMs + durationMs) {
      return fromTps + ((toTps - fromTps) * (atMs - startMs)) / durationMs;
    }
    startMs += durationMs;
  }
  return stages.at(-1)?.toTps ?? 0;
}

interface Attempt {
  readonly endUs: number;
  readonly acked: boolean;
  readonly connectedTo: string | null;
  readonly happenings: readonly Happening[];
}

function attemptAt(
  plan: Plan,
  port: readonly PortState[],
  atUs: number,
  serviceUs: number,
  connectedTo: string | null,
  random: () => number,
): Attempt {
  const now = stateAt(port, atUs, random);
  const connecting = connectedTo === null;
  if (connecting && now.state !== 'up') {
    const waitUs = now.state === 'hang' ? plan.deadlines.connectMs * 1000 : Math.round(600 + 900 * random());
    const code = now.state === 'hang' ? 'connect_timeout' : (now.code ?? 'connect_closed');
    return failedAttempt(atUs + waitUs, code === '25006' ? 'aborted' : 'not_sent', code, now);
  }
  const connectUs = connecting ? Math.round(2500 + 4000 * random()) : 0;
  const endUs = atUs + connectUs + serviceUs;
  const cut = port.find(
    ({ fromMs, state }) =>
      (state === 'cut' || state === 'hang') && fromMs * 1000 > atUs && fromMs * 1000 <= endUs,
  );
  if (cut?.state === 'hang') {
    return failedAttempt(atUs + plan.deadlines.statementMs * 1000, 'in_doubt', 'statement_timeout', cut);
  }
  if (cut !== undefined) {
    const outcome = random() < 0.06 ? 'in_doubt' : 'aborted';
    return failedAttempt(Math.round(cut.fromMs * 1000 + 3000 * random()), outcome, cut.code ?? 'closed', cut);
  }
  const server = connectedTo ?? now.server ?? '';
  const startUs = atUs + connectUs;
  const ack: Happening = { kind: 'ack', script: 0, server, retried: false, intendedUs: 0, startUs };
  const connect: Happening[] = connecting ? [{ kind: 'connect', tookUs: connectUs }] : [];
  return { endUs, acked: true, connectedTo: server, happenings: [...connect, ack] };
}

function failedAttempt(endUs: number, outcome: Outcome, code: string, state: PortState): Attempt {
  const server = outcome === 'not_sent' ? '' : (state.server ?? '');
  const message = state.message ?? '';
  return {
    endUs,
    acked: false,
    connectedTo: null,
    happenings: [{ kind: 'failure', script: 0, server, outcome, code, message }],
  };
}

function stateAt(port: readonly PortState[], atUs: number, random: () => number): PortState {
  const past = port.filter(({ fromMs }) => fromMs * 1000 <= atUs);
  let current = past.at(-1) ?? { fromMs: 0, state: 'refuse' as const };
  if (current.share !== undefined && random() >= current.share) {
    current = past.at(-2) ?? current;
  }
  return current;
}

function scriptAt(plan: Plan, draw: number, route?: Route): number {
  const weights = plan.workload.scripts.map((script) =>
    route === undefined || script.route === route ? script.weight : 0,
  );
  let left = draw * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) {
      return index;
    }
  }
  return 0;
}

/** Log-normal, slower in the first half second and after a cold start of the port. */
function serviceTime({ meanServiceMs, ports }: Simulation, atUs: number, random: () => number): number {
  const starts = [0, ...(ports.rw ?? []).filter(({ state }) => state === 'up').map(({ fromMs }) => fromMs)];
  const sinceMs = Math.min(
    ...starts.filter((start) => start * 1000 <= atUs).map((start) => atUs / 1000 - start),
  );
  const cold = 1 + 2 * Math.exp(-sinceMs / 200);
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.max(50, Math.round(meanServiceMs * 1000 * cold * Math.exp(0.4 * normal - 0.08)));
}

function factsOf(client: number, history: readonly Dated[]): ClientFacts {
  const acks = acksOf(history);
  return {
    client,
    acks: acks.length,
    connects: history.filter(({ what }) => what.kind === 'connect').length,
    lastAckMs: acks.at(-1) ?? null,
    longestGap: longestGap(acks, 0, Infinity),
  };
}

function acksOf(history: readonly Dated[]): number[] {
  return history.filter(({ what }) => what.kind === 'ack').map(({ atUs }) => atUs / 1000);
}

/** The longest one from fault to fault, as the load tells them. */
function gapsOf(history: readonly Dated[], faults: readonly FaultRecord[]): Gap[] {
  const acks = acksOf(history);
  const asked = faults.flatMap(({ askedAtMs }) => askedAtMs ?? []).sort((a, b) => a - b);
  const marks = [0, ...asked, Infinity];
  return marks.slice(1).flatMap((toMs, index) => longestGap(acks, marks[index] as number, toMs) ?? []);
}

/** Of those that end in the span. */
function longestGap(acks: readonly number[], fromMs: number, untilMs: number): Gap | null {
  let longest: Gap | null = null;
  for (const [index, toMs] of acks.entries()) {
    const before = acks[index - 1];
    const length = longest === null ? 0 : longest.toMs - longest.fromMs;
    if (before !== undefined && toMs >= fromMs && toMs < untilMs && toMs - before > length) {
      longest = { fromMs: before, toMs };
    }
  }
  return longest;
}

function bucketsOf(simulation: Simulation, all: readonly Dated[], elapsedMs: number): Bucket[] {
  const { plan, ports } = simulation;
  const endMs = endOf(simulation);
  const probes = plan.probes ? { rw: probed(endMs, ports.rw), ro: probed(endMs, ports.ro) } : {};
  const buckets: Bucket[] = [];
  const counts = {
    punctual: new IntervalCounts(),
    service: new IntervalCounts(),
    response: new IntervalCounts(),
    lag: new IntervalCounts(),
  };
  let next = 0;
  for (let interval = 0; interval * plan.intervalMs <= elapsedMs; interval++) {
    const endUs = (interval + 1) * plan.intervalMs * 1000;
    const from = next;
    while (next < all.length && (all[next] as Dated).atUs < endUs) {
      next++;
    }
    const own = all.slice(from, next);
    // Two workers' halves, as a run would merge them.
    const halves = [0, 1].map((half) => own.filter((_, index) => index % 2 === half));
    const startMs = interval * plan.intervalMs;
    const merged = mergeBuckets(halves.map((half) => bucketOf(simulation, startMs, half, counts)));
    buckets.push({ ...merged, probes: probeFrames(probes, startMs * 1000, endUs) });
  }
  return buckets;
}

interface Beat {
  readonly startUs: number;
  readonly endUs: number;
  readonly served: boolean;
}

const CADENCE_US = 20_000;

/** What a probe of the port lives through: 3 ms for a reply on a connection, 7 ms with a new one. */
function probed(endMs: number, port: readonly PortState[] | undefined): Beat[] {
  const beats: Beat[] = [];
  for (let startUs = 0; port !== undefined && startUs < endMs * 1000; startUs += CADENCE_US) {
    const served = stateAt(port, startUs, () => 0).state === 'up';
    const tookUs = served && beats.at(-1)?.served !== false ? 3000 : 7000;
    beats.push({ startUs, endUs: startUs + tookUs, served });
  }
  return beats;
}

function probeFrames(
  probes: Readonly<Partial<Record<Route, readonly Beat[]>>>,
  fromUs: number,
  toUs: number,
): ProbeFrame[] {
  return (['rw', 'ro'] as const).flatMap((route) => {
    const beats = (probes[route] ?? []).filter(({ endUs }) => endUs >= fromUs && endUs < toUs);
    const served = beats.filter((beat) => beat.served);
    const [first] = served;
    if (beats.length === 0) {
      return [];
    }
    return [
      {
        route,
        kind: 'service',
        acks: served.length,
        failures: beats.length - served.length,
        firstAckUs: first?.endUs ?? -1,
        lastAckUs: served.at(-1)?.endUs ?? -1,
        triedBeforeUs: first === undefined ? -1 : Math.max(-1, first.startUs - CADENCE_US),
        keptAcks: 0,
        firstKeptAckUs: -1,
        keptSinceUs: -1,
        lastLsn: -1,
      },
    ];
  });
}

interface Counts {
  readonly punctual: IntervalCounts;
  readonly service: IntervalCounts;
  readonly response: IntervalCounts;
  readonly lag: IntervalCounts;
}

function bucketOf(simulation: Simulation, startMs: number, own: readonly Dated[], counts: Counts): Bucket {
  const { plan } = simulation;
  const connects = own.flatMap(({ what }) => (what.kind === 'connect' ? [what.tookUs] : []));
  for (const tookUs of connects) {
    counts.punctual.record(tookUs);
  }
  const latency = counts.punctual.take();
  return {
    startMs,
    widthMs: plan.intervalMs,
    scripts: plan.workload.scripts.flatMap((_, script) => scriptFrame(simulation, script, own, counts)),
    errors: own.flatMap((dated) => errorFrame(plan, dated)),
    servers: own.flatMap((dated) => serverFrame(plan, dated)),
    probes: [],
    heartbeats: [],
    connects: { attempts: connects.length, successes: connects.length, latency },
    stallUs: own.length * 7,
  };
}

function scriptFrame(
  simulation: Simulation,
  script: number,
  all: readonly Dated[],
  counts: Counts,
): ScriptFrame[] {
  const own = all.filter(({ what }) => what.kind !== 'connect' && what.script === script);
  if (own.length === 0) {
    return [];
  }
  const outcomes = OUTCOMES.map(() => 0);
  const count = (outcome: Outcome) => {
    const index = OUTCOMES.indexOf(outcome);
    outcomes[index] = (outcomes[index] as number) + 1;
  };
  const acks: Acked[] = [];
  let maxLagUs = 0;
  for (const { atUs, what } of own) {
    if (what.kind === 'ack') {
      count('ack');
      const times = { serviceUs: atUs - what.startUs, responseUs: atUs - what.intendedUs };
      acks.push({ atUs, retried: what.retried, ...times });
    } else if (what.kind === 'begin') {
      counts.lag.record(what.lagUs);
      maxLagUs = Math.max(maxLagUs, what.lagUs);
    } else if (what.kind === 'skip') {
      count('skipped');
    } else if (what.kind === 'failure') {
      count(what.outcome);
    }
  }
  return [
    {
      script,
      outcomes,
      firstAckUs: acks[0]?.atUs ?? -1,
      lastAckUs: acks.at(-1)?.atUs ?? -1,
      ...latenciesOf(acks, counts),
      ...pacedOf(simulation.plan, acks),
      lag: counts.lag.take(),
      maxLagUs,
      commands: commandFigures(commandsOf(simulation)[script] ?? [], acks),
    },
  ];
}

interface Acked {
  readonly atUs: number;
  readonly serviceUs: number;
  readonly responseUs: number;
  readonly retried: boolean;
}

function latenciesOf(
  acks: readonly Acked[],
  counts: Counts,
): Pick<ScriptFrame, 'punctual' | 'delayedService' | 'delayedResponse' | 'maxServiceUs' | 'maxResponseUs'> {
  for (const { serviceUs, responseUs } of acks) {
    if (serviceUs === responseUs) {
      counts.punctual.record(serviceUs);
    } else {
      counts.service.record(serviceUs);
      counts.response.record(responseUs);
    }
  }
  return {
    punctual: counts.punctual.take(),
    delayedService: counts.service.take(),
    delayedResponse: counts.response.take(),
    maxServiceUs: Math.max(0, ...acks.map(({ serviceUs }) => serviceUs)),
    maxResponseUs: Math.max(0, ...acks.map(({ responseUs }) => responseUs)),
  };
}

function pacedOf(
  { latencyLimitMs }: Plan,
  acks: readonly Acked[],
): Pick<ScriptFrame, 'late' | 'retried' | 'retries'> {
  const limitUs = (latencyLimitMs ?? Infinity) * 1000;
  const retried = acks.filter((ack) => ack.retried).length;
  return { late: acks.filter(({ responseUs }) => responseUs > limitUs).length, retried, retries: retried };
}

/** The first of them fails once for each retry. */
function commandFigures(texts: readonly string[], acks: readonly Acked[]): number[] {
  const sumUs = acks.reduce((sum, { serviceUs }) => sum + serviceUs, 0);
  const retries = acks.filter(({ retried }) => retried).length;
  return texts.flatMap((_, index) => [acks.length, sumUs / texts.length, index === 0 ? retries : 0]);
}

function errorFrame(plan: Plan, { atUs, what }: Dated): ErrorFrame[] {
  if (what.kind !== 'failure') {
    return [];
  }
  const { script, outcome, code, server, message } = what;
  const route = plan.workload.scripts[script]?.route ?? 'rw';
  return [{ script, route, outcome, code, server, count: 1, firstUs: atUs, lastUs: atUs, message }];
}

function serverFrame(plan: Plan, { atUs, what }: Dated): ServerFrame[] {
  if (what.kind !== 'ack') {
    return [];
  }
  const route = plan.workload.scripts[what.script]?.route ?? 'rw';
  const writes = plan.workload.scripts[what.script]?.writes ?? true;
  return [{ server: what.server, route, writes, via: 'load', acks: 1, firstAckUs: atUs, lastAckUs: atUs }];
}
