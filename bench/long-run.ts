import {
  CLUSTER,
  faultAt,
  planOf,
  switchoverEvents,
  switchoverPort,
} from '../src/analysis/sample.fixture.js';
import type { PortState } from '../src/analysis/simulation.fixture.js';
import { randomOf } from '../src/analysis/simulation.fixture.js';
import type { ClientSummary } from '../src/load/group.js';
import { Recorder } from '../src/load/recorder.js';
import { ProbeRecorder } from '../src/observe/probe-recorder.js';
import { SeriesBook } from '../src/observe/series.js';
import type { Plan } from '../src/plan/plan.js';
import { ABORTED, ACK, IN_DOUBT, NOT_SENT } from '../src/postgres/outcome.js';
import type { Event, FaultRecord } from '../src/result/result.js';
import type { Parts } from '../src/run/outcome.js';
import { Timeline } from '../src/run/timeline.js';

/*
 * An hour of 64 clients and 20 switchovers in simulated time, recorded by what records a run: two recorders of frames of
 * 100 ms, two probes, the timeline that merges and thins them.
 */

const WORKERS = 2;
const CLIENTS = 64;
const HOUR_MS = 3_600_000;
const ROUNDS = 20;
const INTERVAL_MS = 100;
const MEAN_SERVICE_US = 40_000;

/** All that a result is assembled from. */
export function longRun(): Parts {
  const faultsMs = Array.from({ length: ROUNDS }, (_, round) => 60_000 + 170_000 * round);
  const plan = planOf({
    durationMs: HOUR_MS,
    clients: CLIENTS,
    workers: WORKERS,
    rounds: ROUNDS,
    probes: true,
    observers: true,
    ledger: 'history',
  });
  const port = faultsMs.flatMap((atMs, round) =>
    swapped(switchoverPort(atMs), round).slice(round === 0 ? 0 : 1),
  );
  const timeline = new Timeline(INTERVAL_MS);
  const workers = Array.from(
    { length: WORKERS },
    (_, worker) => new SimulatedWorker(worker, plan, port, timeline),
  );
  const probes = (['rw', 'ro'] as const).flatMap((route) =>
    (['service', 'connect'] as const).map(
      (kind) => new SimulatedProbe(route, kind, route === 'rw' ? port : [], timeline),
    ),
  );
  let next = 0;
  for (let endMs = INTERVAL_MS; endMs <= HOUR_MS; endMs += INTERVAL_MS) {
    const faultMs = faultsMs[next];
    if (faultMs !== undefined && faultMs < endMs) {
      timeline.mark(faultMs);
      timeline.mark(faultMs + 1934);
      next++;
    }
    for (const source of [...workers, ...probes]) {
      source.until(endMs * 1000);
    }
  }
  return {
    plan,
    cluster: CLUSTER,
    runId: 'a1b2c3d4',
    startedAt: '2026-11-28T12:00:00.000Z',
    interrupted: false,
    commands: [],
    statements: [],
    workerCost: { missing: 'Not looked for.' },
    buckets: timeline.finish(),
    events: eventsOf(faultsMs),
    counted: {
      clients: workers.flatMap((worker) => worker.clients.map(summaryOf)),
      stoppedMs: HOUR_MS,
      cpu: { user: 200_000_000, system: 100_000_000 },
      faults: faultsMs.map((atMs, round) => faultOf(atMs, round)),
      threads: [],
    },
    audited: { commits: null, lost: [] },
    observed: { observers: [], clocks: [], series: seriesOf(), history: [] },
    notes: [],
  };
}

/** n1 leads in one round, n2 in the next. */
function swapped(port: readonly PortState[], round: number): readonly PortState[] {
  return port.map((state) =>
    state.server === undefined ? state : { ...state, server: other(state.server, round) },
  );
}

function other(text: string, round: number): string {
  const partner: Readonly<Record<string, string>> = {
    n1: 'n2',
    n2: 'n1',
    '127.0.1.1': '127.0.1.2',
    '127.0.1.2': '127.0.1.1',
  };
  return round % 2 === 0
    ? text
    : text.replaceAll(/127\.0\.1\.[12]|\bn[12]\b/g, (name) => partner[name] ?? name);
}

function eventsOf(faultsMs: readonly number[]): Event[] {
  return faultsMs.flatMap((atMs, round) =>
    switchoverEvents(atMs)
      .filter(({ from }) => round === 0 || from !== null)
      .map((event) => ({
        ...event,
        subject: other(event.subject, round),
        from: event.from === null ? null : other(event.from, round),
        to: event.to === null ? null : other(event.to, round),
        text: other(event.text, round),
      })),
  );
}

function faultOf(atMs: number, round: number): FaultRecord {
  const fault = faultAt(atMs, { round: round + 1, healthyAtMs: atMs + 14_000 });
  return {
    ...fault,
    asked: other(fault.asked ?? '', round),
    answer: other(fault.answer ?? '', round),
    observed: other(fault.observed ?? '', round),
    subject: other(fault.subject ?? '', round),
  };
}

/** What the observers gather besides: sessions of each server, lag of each replica. */
function seriesOf() {
  const book = new SeriesBook();
  const random = randomOf(7);
  for (let atMs = 0; atMs < HOUR_MS; atMs += 500) {
    for (const subject of ['rw/n1', 'rw/n2', 'rw/n3', 'ro/n1', 'ro/n2', 'ro/n3']) {
      book.add(subject, 'sessions', 'count', atMs, Math.floor(64 * random()));
    }
    for (const subject of ['n2', 'n3']) {
      book.add(subject, 'replay_lag_bytes', 'bytes', atMs, Math.floor(1e6 * random()));
    }
  }
  return book.series();
}

interface SimulatedClient {
  readonly client: number;
  nextUs: number;
  /** Start of the transaction that is owed; -1 when none is. */
  owedUs: number;
  failures: number;
  connected: boolean;
  acks: number;
  connects: number;
  lastAckUs: number;
  gapFromUs: number;
  gapToUs: number;
}

function summaryOf(client: SimulatedClient): ClientSummary {
  const { acks, connects, lastAckUs, gapFromUs, gapToUs } = client;
  return { client: client.client, acks, connects, lastAckUs, gapsUs: [gapFromUs, gapToUs] };
}

/** Finds the state of a port at instants that lie near each other. */
class Timetable {
  private at = 0;

  constructor(private readonly port: readonly PortState[]) {}

  stateAt(us: number): PortState | undefined {
    while ((this.port[this.at + 1]?.fromMs ?? Infinity) * 1000 <= us) {
      this.at++;
    }
    while (this.at > 0 && (this.port[this.at]?.fromMs ?? 0) * 1000 > us) {
      this.at--;
    }
    return this.port[this.at];
  }

  /** The first cut in the span, if there is one. */
  cutIn(fromUs: number, toUs: number): PortState | undefined {
    const next = this.port[this.at + 1];
    return next?.state === 'cut' && next.fromMs * 1000 > fromUs && next.fromMs * 1000 <= toUs
      ? next
      : undefined;
  }
}

/** The clients of one thread, one interval after the other. */
class SimulatedWorker {
  readonly clients: readonly SimulatedClient[];
  private readonly recorder: Recorder;
  private readonly timetable: Timetable;
  private readonly random: () => number;

  constructor(
    worker: number,
    private readonly plan: Plan,
    port: readonly PortState[],
    timeline: Timeline,
  ) {
    this.timetable = new Timetable(port);
    this.random = randomOf(worker + 1);
    this.recorder = new Recorder({
      worker,
      routes: ['rw'],
      intervalUs: INTERVAL_MS * 1000,
      warmupUs: 0,
      latencyLimitUs: Infinity,
      emit: (frame) => timeline.add(frame),
    });
    const count = CLIENTS / WORKERS;
    this.clients = Array.from({ length: count }, (_, index) => ({
      client: worker * count + index,
      nextUs: this.random() * 1000,
      owedUs: -1,
      failures: 0,
      connected: false,
      acks: 0,
      connects: 0,
      lastAckUs: -1,
      gapFromUs: -1,
      gapToUs: -1,
    }));
  }

  private readonly pending: { readonly atUs: number; readonly record: () => void }[] = [];

  until(endUs: number): void {
    for (const client of this.clients) {
      while (client.nextUs < endUs) {
        this.attempt(client);
      }
    }
    // What ends later is told later.
    const due = this.pending.filter(({ atUs }) => atUs < endUs).sort((a, b) => a.atUs - b.atUs);
    const rest = this.pending.filter(({ atUs }) => atUs >= endUs);
    this.pending.splice(0, this.pending.length, ...rest);
    for (const { record } of due) {
      record();
    }
    this.recorder.roll(endUs);
  }

  private attempt(client: SimulatedClient): void {
    const atUs = client.nextUs;
    const state = this.timetable.stateAt(atUs);
    const intendedUs = client.owedUs < 0 ? atUs : client.owedUs;
    if (state === undefined || state.state !== 'up') {
      this.fail(
        client,
        intendedUs,
        atUs + 600 + 900 * this.random(),
        state,
        state?.code === '25006' ? ABORTED : NOT_SENT,
      );
      return;
    }
    const connectUs = client.connected ? 0 : 2500 + 4000 * this.random();
    const startUs = atUs + connectUs;
    const endUs = startUs + this.serviceUs();
    const cut = this.timetable.cutIn(atUs, endUs);
    if (cut !== undefined) {
      const outcome = this.random() < 0.06 ? IN_DOUBT : ABORTED;
      this.fail(client, intendedUs, cut.fromMs * 1000 + 3000 * this.random(), cut, outcome);
      return;
    }
    const isNew = !client.connected;
    this.pending.push({
      atUs: endUs,
      record: () => {
        const { recorder } = this;
        if (isNew) {
          recorder.connectStarted(endUs);
          recorder.connected(connectUs, endUs);
        }
        const server = recorder.serverIndex(state.server ?? '', 'rw', true);
        recorder.acknowledged(0, server, ACK, intendedUs < atUs ? intendedUs : startUs, startUs, endUs);
      },
    });
    this.acknowledged(client, endUs, isNew);
  }

  private acknowledged(client: SimulatedClient, endUs: number, isNew: boolean): void {
    if (client.lastAckUs >= 0 && endUs - client.lastAckUs > client.gapToUs - client.gapFromUs) {
      client.gapFromUs = client.lastAckUs;
      client.gapToUs = endUs;
    }
    client.lastAckUs = endUs;
    client.acks++;
    client.connects += isNew ? 1 : 0;
    client.connected = true;
    client.failures = 0;
    client.owedUs = -1;
    client.nextUs = endUs + 5;
  }

  private fail(
    client: SimulatedClient,
    intendedUs: number,
    endUs: number,
    state: PortState | undefined,
    outcome: number,
  ): void {
    const failure = { code: state?.code ?? 'closed', message: state?.message ?? '' };
    const server = outcome === NOT_SENT ? '' : (state?.server ?? '');
    this.pending.push({
      atUs: endUs,
      record: () => this.recorder.failed(0, server, outcome, failure, endUs),
    });
    const { firstMs, capMs } = this.plan.reconnect;
    const pauseMs = Math.min(capMs, firstMs * 2 ** client.failures++);
    client.connected = false;
    client.owedUs = outcome === IN_DOUBT ? -1 : intendedUs;
    client.nextUs = endUs + pauseMs * 1000 * (0.5 + 0.5 * this.random());
  }

  /** Log-normal. */
  private serviceUs(): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
    return Math.max(50, MEAN_SERVICE_US * Math.exp(0.4 * normal - 0.08));
  }
}

/** As the probes ask while all is well. */
const CADENCES_US = { service: 20_000, connect: 5_000_000 } as const;

/** A probe of one port; a port without a timetable always serves. */
class SimulatedProbe {
  private readonly recorder: ProbeRecorder;
  private readonly timetable: Timetable;
  private readonly cadenceUs: number;
  private nextUs = 0;

  constructor(
    route: 'rw' | 'ro',
    kind: 'service' | 'connect',
    private readonly port: readonly PortState[],
    timeline: Timeline,
  ) {
    this.cadenceUs = CADENCES_US[kind];
    this.timetable = new Timetable(port);
    this.recorder = new ProbeRecorder(route, kind, INTERVAL_MS * 1000, (frame) => timeline.add(frame));
  }

  until(endUs: number): void {
    for (; this.nextUs + 7000 < endUs; this.nextUs += this.cadenceUs) {
      const served = this.port.length === 0 || this.timetable.stateAt(this.nextUs)?.state === 'up';
      if (served) {
        this.recorder.acknowledged({
          atUs: this.nextUs + 3000,
          triedBeforeUs: this.nextUs - this.cadenceUs,
          keptSinceUs: this.cadenceUs > CADENCES_US.service ? -1 : 0,
          lsn: Math.round(this.nextUs * 2),
        });
      } else {
        this.recorder.failed(this.nextUs + 7000);
      }
    }
    this.recorder.roll(endUs);
  }
}
