import type { ProbeFrame } from '../load/frame.js';
import type { Plan } from '../plan/plan.js';
import type { Route } from '../plan/target.js';
import { ACK, ACK_UNREPLICATED } from '../postgres/outcome.js';
import type { Bucket, Recording } from './recording.js';

/**
 * Transactions whose acknowledgements say the same about the cluster. Writes and reads are kept apart even on one
 * port: the rw port may lead to a node in recovery for a while, which answers reads and refuses writes.
 */
export interface Stream {
  readonly what: 'writes' | 'reads';
  readonly route: Route;
  /** Indexes in plan.workload.scripts. */
  readonly scripts: ReadonlySet<number>;
  /** Which probe asks for the same: the one that keeps its connection, unless new connections are what is watched. */
  readonly probe: ProbeFrame['kind'];
}

/** Every stream that the plan has scripts for: rw writes, rw reads, ro reads. */
export function streamsOf(plan: Plan): Stream[] {
  return [
    streamOf(plan, 'writes', 'rw'),
    streamOf(plan, 'reads', 'rw'),
    streamOf(plan, 'writes', 'ro'),
    streamOf(plan, 'reads', 'ro'),
  ].filter((stream) => stream.scripts.size > 0);
}

function streamOf(plan: Plan, what: Stream['what'], route: Route): Stream {
  const scripts = new Set<number>();
  for (const [index, script] of plan.workload.scripts.entries()) {
    if (script.weight > 0 && script.route === route && script.writes === (what === 'writes')) {
      scripts.add(index);
    }
  }
  return { what, route, scripts, probe: 'service' };
}

/** What one bucket holds of a stream. */
export interface Acks {
  readonly count: number;
  /** µs since the start, -1 without any. */
  readonly firstUs: number;
  readonly lastUs: number;
}

/** `ack_unreplicated` counts: the client was told that its transaction is committed, and goes on. */
export function acksOf(bucket: Bucket, stream: Stream): Acks {
  let count = 0;
  let firstUs = -1;
  let lastUs = -1;
  for (const script of bucket.scripts) {
    if (!stream.scripts.has(script.script) || script.firstAckUs < 0) {
      continue;
    }
    count += (script.outcomes[ACK] ?? 0) + (script.outcomes[ACK_UNREPLICATED] ?? 0);
    firstUs = firstUs < 0 ? script.firstAckUs : Math.min(firstUs, script.firstAckUs);
    lastUs = Math.max(lastUs, script.lastAckUs);
  }
  return { count, firstUs, lastUs };
}

/**
 * When the stream's service was seen to be there: acknowledgements of its scripts, and of the probe that asks for the
 * same on the same endpoint.
 */
export function servedIn(bucket: Bucket, stream: Stream): Omit<Acks, 'count'> {
  let { firstUs, lastUs } = acksOf(bucket, stream);
  const probe = probeOf(bucket, stream);
  if (probe !== undefined && probe.firstAckUs >= 0) {
    firstUs = firstUs < 0 ? probe.firstAckUs : Math.min(firstUs, probe.firstAckUs);
    lastUs = Math.max(lastUs, probe.lastAckUs);
  }
  return { firstUs, lastUs };
}

/** When the stream was first served behind this instant, its last acknowledgement in a bucket, in ms; Infinity when it never was. */
export function servedAfter({ buckets }: Recording, stream: Stream, atMs: number): number {
  const atUs = Math.round(atMs * 1000);
  for (const bucket of buckets) {
    const { firstUs } = servedIn(bucket, stream);
    if (firstUs > atUs) {
      return firstUs / 1000;
    }
  }
  return Infinity;
}

/** The probe of the read-write endpoint writes, that of the read-only one reads. */
export function probeOf(bucket: Bucket, stream: Stream): ProbeFrame | undefined {
  const probed = stream.what === (stream.route === 'rw' ? 'writes' : 'reads');
  return probed
    ? bucket.probes.find(({ kind, route }) => kind === stream.probe && route === stream.route)
    : undefined;
}

/** What the probe that connects anew asks of an endpoint, and nobody else; undefined without one. */
export function connectingStream({ buckets }: Recording, route: Route): Stream | undefined {
  const what = route === 'rw' ? 'writes' : 'reads';
  const stream: Stream = { what, route, scripts: new Set(), probe: 'connect' };
  return buckets.some((bucket) => probeOf(bucket, stream) !== undefined) ? stream : undefined;
}

/** What a probe asks of an endpoint, as a stream without scripts where the plan has none; undefined without a probe. */
export function probedStream(recording: Recording, route: Route): Stream | undefined {
  const what = route === 'rw' ? 'writes' : 'reads';
  const probed = recording.buckets.some((bucket) =>
    bucket.probes.some((probe) => probe.route === route && probe.kind === 'service'),
  );
  return probed ? streamOf(recording.plan, what, route) : undefined;
}
