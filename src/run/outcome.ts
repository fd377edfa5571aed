import { analyse } from '../analysis/analyse.js';
import { capacityOf, type KnownCost } from '../analysis/capacity.js';
import { generatorFacts } from '../analysis/generator.js';
import { histogramLogs } from '../analysis/hlog.js';
import type { Bucket, Recording } from '../analysis/recording.js';
import type { ClientSummary } from '../load/group.js';
import type { Plan } from '../plan/plan.js';
import { blamesScript } from '../postgres/failure.js';
import type { ThreadFacts } from '../result/generator.js';
import type { Observed } from '../result/observed.js';
import type {
  ClientFacts,
  ClusterFacts,
  Event,
  FaultRecord,
  Gap,
  Result,
  RunFacts,
} from '../result/result.js';
import type { HistogramLogs } from '../result/store.js';
import type { StatementCount } from '../workload/statement-count.js';
import type { Audited } from './audit.js';
import { toolFacts } from './tool.js';

/** What came of a run. */
export interface RunOutcome {
  readonly result: Result;
  readonly histograms: HistogramLogs;
  readonly lost: Audited['lost'];
}

/** What was counted when the load had ended. */
export interface Counted {
  readonly clients: readonly ClientSummary[];
  readonly stoppedMs: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly faults: readonly FaultRecord[];
  readonly threads: readonly ThreadFacts[];
}

export interface Parts {
  readonly plan: Plan;
  readonly cluster: ClusterFacts;
  readonly runId: string;
  readonly startedAt: string;
  readonly interrupted: boolean;
  readonly commands: Recording['commands'];
  /** Of each script. */
  readonly statements: readonly StatementCount[];
  readonly workerCost: KnownCost;
  readonly buckets: readonly Bucket[];
  readonly events: readonly Event[];
  readonly counted: Counted;
  readonly audited: Audited;
  readonly observed: Observed;
  readonly notes: readonly string[];
}

/** Puts the result of a run together. */
export function assemble(parts: Parts): RunOutcome {
  const { plan, cluster, buckets, events, counted, audited, commands } = parts;
  const { faults, stoppedMs } = counted;
  const elapsedMs = Math.max(stoppedMs, lastEndMs(buckets));
  const clients = counted.clients.map(clientFacts);
  const gaps = counted.clients.map(gapsOf);
  const recording: Recording = { plan, cluster, events, commands, buckets, clients, gaps, faults, elapsedMs };
  const analysed = analyse(recording);
  const tool = toolFacts();
  const context = { known: parts.workerCost, statements: parts.statements, cores: tool.cpus };
  const result: Result = {
    format: 'pgha-bench/result',
    version: 1,
    tool,
    run: {
      id: parts.runId,
      startedAt: parts.startedAt,
      status: parts.interrupted ? 'interrupted' : statusOf(buckets, stoppedMs),
      elapsedMs,
    },
    generator: generatorFacts(counted.cpu, counted.threads, stoppedMs, capacityOf(recording, context)),
    plan,
    cluster,
    ...analysed,
    clients,
    events,
    faults,
    commits: audited.commits,
    observed: parts.observed,
    gates: [],
    notes: [...analysed.notes, ...parts.notes],
  };
  return { result, histograms: histogramLogs(recording, parts.startedAt), lost: audited.lost };
}

/** So long before the end a load must have been without any acknowledgement, to say that the target never came back. */
const GONE_MS = 3000;

/** Broken: nothing was acknowledged at the end, or at all, and what was tried failed for a reason that is not the script's. */
function statusOf(buckets: readonly Bucket[], stoppedMs: number): RunFacts['status'] {
  let lastAckUs = -1;
  let lastFailureUs = -1;
  for (const bucket of buckets) {
    for (const script of bucket.scripts) {
      lastAckUs = Math.max(lastAckUs, script.lastAckUs);
    }
    for (const error of bucket.errors) {
      lastFailureUs = blamesScript(error.code) ? lastFailureUs : Math.max(lastFailureUs, error.lastUs);
    }
  }
  const gone = lastAckUs < 0 || stoppedMs - lastAckUs / 1000 > GONE_MS;
  return gone && lastFailureUs > lastAckUs ? 'broken' : 'completed';
}

function clientFacts(summary: ClientSummary): ClientFacts {
  return {
    client: summary.client,
    acks: summary.acks,
    connects: summary.connects,
    lastAckMs: summary.lastAckUs < 0 ? null : summary.lastAckUs / 1000,
    longestGap: longestOf(gapsOf(summary)),
  };
}

/** From mark to mark, as far as there were any. */
function gapsOf({ gapsUs }: ClientSummary): Gap[] {
  const gaps: Gap[] = [];
  for (let i = 0; i < gapsUs.length; i += 2) {
    const [fromUs = -1, toUs = -1] = gapsUs.slice(i, i + 2);
    if (fromUs >= 0) {
      gaps.push({ fromMs: fromUs / 1000, toMs: toUs / 1000 });
    }
  }
  return gaps;
}

function longestOf(gaps: readonly Gap[]): Gap | null {
  let longest: Gap | null = null;
  for (const gap of gaps) {
    if (longest === null || gap.toMs - gap.fromMs > longest.toMs - longest.fromMs) {
      longest = gap;
    }
  }
  return longest;
}

/** End of the last attempt that ended at all. */
function lastEndMs(buckets: readonly Bucket[]): number {
  let lastUs = 0;
  for (const bucket of buckets.slice(-1000)) {
    for (const script of bucket.scripts) {
      lastUs = Math.max(lastUs, script.lastAckUs);
    }
    for (const error of bucket.errors) {
      lastUs = Math.max(lastUs, error.lastUs);
    }
  }
  return lastUs / 1000;
}
