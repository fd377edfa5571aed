import type { Downtime } from '../result/downtime.js';
import type { Stage, StageKind } from '../result/round.js';
import { formatMillis } from '../units.js';
import { adviceOn } from './advice.js';
import { EXPIRES, STAYS } from './predict.js';
import type { Settings } from './timings.js';

/**
 * One sentence: which stage took most of the write downtime, and which setting would change it. Null where none of the
 * layers was seen, or writes were not away.
 */
export function dominatedBy(
  kind: string,
  stages: readonly Stage[],
  writes: Downtime | null,
  settings: Settings,
): string | null {
  if (!writes?.outage || writes.toMs === null) {
    return null;
  }
  const shares = sharesOf(stages, writes.fromMs, writes.toMs);
  // That clients came back explains nothing, unless there was nothing else to happen.
  const explained = shares.some(({ stage }) => !OF_CLIENTS.has(stage.kind));
  if (!explained && !(STAYS.has(kind) && shares.length > 1)) {
    return null;
  }
  const [most] = shares.sort((a, b) => b.ms - a.ms);
  if (most === undefined || most.ms <= 0) {
    return null;
  }
  const took = `${formatMillis(most.ms)} of ${formatMillis(writes.durationMs)}`;
  const advice =
    explained && most.blind
      ? '; what happened within it was not seen.'
      : adviceOn(most.stage.kind, kind, settings);
  return `${WHAT[most.stage.kind](kind, leaderOf(stages), took)}${advice}`;
}

const OF_CLIENTS: ReadonlySet<StageKind> = new Set(['first_connection', 'first_commit']);

interface Share {
  readonly stage: Stage;
  readonly ms: number;
  /** Whether a stage was missed that lies within it. */
  readonly blind: boolean;
}

/** The part of each stage that lies in the downtime: it began where the latest of those before it had ended. */
function sharesOf(stages: readonly Stage[], fromMs: number, toMs: number): Share[] {
  const shares: Share[] = [];
  let blind = false;
  let beganMs = fromMs;
  for (const stage of stages) {
    if (stage.atMs === null) {
      blind = true;
    } else if (stage.kind !== 'steady') {
      const endMs = Math.min(stage.atMs, toMs);
      shares.push({ stage, ms: Math.max(0, endMs - beganMs), blind });
      beganMs = Math.max(beganMs, endMs);
      blind = false;
    }
  }
  return shares;
}

type Saying = (kind: string, leader: string, took: string) => string;

const WHAT: Readonly<Record<StageKind, Saying>> = {
  leader_key_gone: (kind, _, took) => {
    if (EXPIRES.has(kind)) {
      return `Waiting for the leader key to expire took ${took}`;
    }
    return PLANNED.has(kind)
      ? `The old leader took ${took} to shut down and release the key`
      : `It took ${took} until the leader key was free`;
  },
  leader_key_taken: (_, leader, took) => `The race for the leader key took ${took} until ${leader} had it`,
  promoted: (_, leader, took) => `The promotion of ${leader} took ${took}`,
  proxy_up: (_, leader, took) => `HAProxy took ${took} to see ${leader} up`,
  first_connection: (_kind, _leader, took) => `It took ${took} until a new connection was served`,
  first_commit: (_kind, _leader, took) => `It took ${took} from there to the first commit`,
  steady: (_kind, _leader, took) => `It took ${took} until the load was steady`,
};

const PLANNED: ReadonlySet<string> = new Set(['switchover', 'failover']);

function leaderOf(stages: readonly Stage[]): string {
  const promoted = stages.find(({ kind }) => kind === 'promoted')?.source ?? null;
  const proxied = stages.find(({ kind }) => kind === 'proxy_up')?.source ?? null;
  return promoted?.split(' ').at(-1) ?? proxied?.split('/').at(-1) ?? 'the new leader';
}
