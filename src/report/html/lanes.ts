import type { Event, Result } from '../../result/result.js';
import { nodeOf } from '../terminal/nodes.js';
import { plain } from '../terminal/text.js';
import type { Columns } from './columns.js';
import type { Lane, LaneGroup, Look, Span } from './data.js';
import { pack } from './packed.js';

/** What happened in each layer, one under the other on the axis of the charts. Layers that were not watched have no lane. */
export function lanesOf(result: Result, columns: Columns): LaneGroup[] {
  const groups: readonly LaneGroup[] = [
    { title: 'Service', lanes: outageLanes(result) },
    { title: 'Leader key', lanes: leaderLanes(result) },
    { title: 'Nodes', lanes: nodeLanes(result) },
    { title: 'HAProxy', lanes: haproxyLanes(result) },
    { title: 'Writes by', lanes: writerLanes(result, columns) },
    { title: 'Generator', lanes: stallLanes(columns) },
  ];
  return groups.filter(({ lanes }) => lanes.length > 0);
}

/** One lane that is changed by events: `textOf` what it is from each on, null to leave it as it is. */
interface State {
  readonly text: string;
  readonly look: Look;
}

function outageLanes({ analysis }: Result): Lane[] {
  const lane = (label: string, which: 'writeDowntime' | 'readDowntime'): Lane[] => {
    const spans = analysis.rounds.flatMap((round): Span[] => {
      const downtime = round[which];
      return downtime?.outage
        ? [{ ...SURE, fromMs: downtime.fromMs, toMs: downtime.toMs, text: label, look: 'outage' }]
        : [];
    });
    // Rounds whose outages overlap tell of the same one.
    const own = spans.filter(
      ({ fromMs, toMs }, index) =>
        spans.findIndex((other) => other.fromMs === fromMs && other.toMs === toMs) === index,
    );
    return own.length === 0 ? [] : [{ kind: 'spans', label, spans: own }];
  };
  return [...lane('no writes', 'writeDowntime'), ...lane('no reads', 'readDowntime')];
}

const SURE = { uncertaintyMs: 0 } as const;

/** By etcd where it was watched, else by Patroni. */
function leaderLanes(result: Result): Lane[] {
  const ofEtcd = result.events.filter(({ layer, kind }) => layer === 'etcd' && kind.startsWith('leader_key'));
  const named = ofEtcd.some(({ to }) => to !== null && to !== '');
  const ofPatroni = result.events.filter(({ kind }) => kind === 'leader' || kind === 'leader_gone');
  const events = named ? ofEtcd : ofPatroni;
  if (events.length === 0) {
    return [];
  }
  const holder = (to: string | null): State =>
    to === null || to === ''
      ? { text: 'nobody', look: 'none' }
      : { text: plain(to), look: lookOfNode(to, result) };
  const before = events[0]?.from ?? null;
  const spans = spansOf(events, ({ to }) => holder(to), before === null ? null : holder(before));
  return [{ kind: 'spans', label: named ? 'etcd' : 'Patroni', spans }];
}

/** Role and timeline of each node: as PostgreSQL itself told where it was asked, else as Patroni did. */
function nodeLanes(result: Result): Lane[] {
  return result.cluster.members.flatMap(({ name }): Lane[] => {
    const own = result.events.filter(({ subject }) => subject === name);
    const ofPostgres = own.filter(({ layer }) => layer === 'postgres');
    const events = ofPostgres.length > 0 ? ofPostgres : own.filter(({ layer }) => layer === 'patroni');
    const told = new NodeState(events);
    const spans = spansOf(events, (event) => told.after(event), told.first);
    return spans.length === 0 ? [] : [{ kind: 'spans', label: plain(name), spans }];
  });
}

/** What an event of a node is about. */
const ASPECTS: Readonly<Record<string, string>> = {
  pg_up: 'service',
  pg_down: 'service',
  state: 'service',
  role: 'role',
  promoted: 'role',
  demoted: 'role',
  timeline: 'timeline',
};

class NodeState {
  /** Before anything changed; null when nothing was seen of it. */
  readonly first: State | null;
  private away: string | null = null;
  private role = '';
  private timeline = '';

  constructor(events: readonly Event[]) {
    const known = new Set<string>();
    let first: State | null = null;
    for (const event of events) {
      const aspect = ASPECTS[event.kind];
      if (aspect !== undefined && !known.has(aspect)) {
        known.add(aspect);
        // What was found at the first look was so before it.
        first = this.after({ ...event, to: event.from ?? event.to });
      }
    }
    this.first = first;
  }

  /** What the node is from this event on. */
  after({ kind, to }: Event): State | null {
    const value = plain(to ?? '');
    switch (kind) {
      case 'pg_up':
      case 'pg_down':
        this.away = value === 'up' ? null : 'down';
        break;
      case 'state':
        this.away = value === 'running' ? null : value;
        break;
      case 'role':
      case 'promoted':
      case 'demoted':
        this.role = value === 'replica' ? 'standby' : value;
        break;
      case 'timeline':
        this.timeline = value;
        break;
      default:
        return null;
    }
    return this.state();
  }

  private state(): State {
    if (this.away !== null) {
      return {
        text: this.away,
        look: this.away === 'down' || this.away === 'unreachable' ? 'off' : 'change',
      };
    }
    const timeline = this.timeline === '' ? '' : `, timeline ${this.timeline}`;
    const text = this.role === '' ? `up${timeline}` : `${this.role}${timeline}`;
    return { text, look: isPrimary(this.role) ? 'up' : 'plain' };
  }
}

/** `master` as older ones say, `leader` as Patroni's list does. */
function isPrimary(role: string): boolean {
  return ['primary', 'master', 'leader', 'standby_leader'].includes(role);
}

/** Each server of each backend as HAProxy's statistics had it. */
function haproxyLanes({ events }: Result): Lane[] {
  const own = events.filter(({ layer, kind }) => layer === 'haproxy' && kind.startsWith('server_'));
  const subjects = [...new Set(own.map(({ subject }) => subject))].sort(byBackend);
  return subjects.map((subject) => {
    const changes = own.filter((event) => event.subject === subject);
    const [first] = changes;
    const before = first === undefined || first.from === null ? null : serverState(first.from);
    const spans = spansOf(changes, ({ to }) => serverState(to ?? '?'), before);
    return { kind: 'spans', label: plain(subject), spans };
  });
}

/** `UP 1/3` is on its way down and still gets connections; whatever does not begin so gets none. */
function serverState(status: string): State {
  return { text: plain(status), look: status.startsWith('UP') ? 'up' : 'off' };
}

/** rw before ro, then by name. */
function byBackend(a: string, b: string): number {
  const rank = (subject: string) => (subject.startsWith('rw/') ? 0 : 1);
  return rank(a) - rank(b) || a.localeCompare(b, 'en');
}

/** One lane for each server that acknowledged a write: two at once are seen as two. */
function writerLanes(result: Result, { startMs, writers }: Columns): Lane[] {
  const lanes = [...writers].map(([server, acks]): Lane => {
    const label = nodeOf(server, result);
    const look = lookOfNode(label, result);
    const spans = writingSpans(startMs, acks).map((span) => ({ ...span, ...SURE, text: label, look }));
    return { kind: 'spans', label, spans };
  });
  return lanes.sort((a, b) => a.label.localeCompare(b.label, 'en'));
}

/** Buckets in a row in which it acknowledged anything. */
function writingSpans(startMs: readonly number[], acks: readonly number[]): Pick<Span, 'fromMs' | 'toMs'>[] {
  const spans: Pick<Span, 'fromMs' | 'toMs'>[] = [];
  let fromMs: number | null = null;
  for (const [index, count] of acks.entries()) {
    const atMs = startMs[index] ?? 0;
    if (count > 0) {
      fromMs ??= atMs;
    } else if (fromMs !== null) {
      spans.push({ fromMs, toMs: atMs });
      fromMs = null;
    }
  }
  return fromMs === null ? spans : [...spans, { fromMs, toMs: null }];
}

function stallLanes({ stallMs }: Columns): Lane[] {
  return stallMs.some((stall) => stall > 0)
    ? [{ kind: 'heights', label: 'stalls', unit: 'ms', values: pack(stallMs) }]
    : [];
}

/** The same colour for a node wherever it is named. */
function lookOfNode(name: string, { cluster }: Result): Look {
  const index = cluster.members.findIndex((member) => member.name === name);
  return index < 0 ? 'plain' : `node${index % 6}`;
}

/**
 * Spans from each event to the next; what was found at the first look is taken to have been so from the beginning.
 * @param before what it was before the first event, where that is a change; null where it is what was found
 */
function spansOf(
  events: readonly Event[],
  stateAfter: (event: Event) => State | null,
  before: State | null,
): Span[] {
  const spans: { fromMs: number; toMs: number | null; text: string; look: Look; uncertaintyMs: number }[] =
    [];
  if (before !== null) {
    spans.push({ ...SURE, ...before, fromMs: 0, toMs: null });
  }
  for (const event of events) {
    const state = stateAfter(event);
    const last = spans.at(-1);
    if (state === null || (last?.text === state.text && last.look === state.look)) {
      continue;
    }
    if (last !== undefined) {
      last.toMs = event.atMs;
    }
    const isFirst = last === undefined;
    const uncertaintyMs = isFirst || event.from === null ? 0 : event.uncertaintyMs;
    spans.push({ ...state, fromMs: isFirst ? 0 : event.atMs, toMs: null, uncertaintyMs });
  }
  return mergedAtOnce(spans);
}

/** Several things that one look told are one change, `primary` and `on timeline 2`; shorter than a ms is no state. */
function mergedAtOnce(spans: readonly Span[]): Span[] {
  const kept = spans.filter(
    ({ fromMs, toMs }, index) => index === spans.length - 1 || toMs === null || toMs - fromMs >= 1,
  );
  const [first, ...rest] = kept;
  return first === undefined ? [] : [{ ...first, fromMs: spans[0]?.fromMs ?? 0 }, ...rest];
}
