import type { Plan } from '../plan/plan.js';
import { hostPort } from '../plan/target.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import { formatDuration } from '../units.js';
import type { SettingDifference } from './comparison.js';

/**
 * Whatever is not the same in all results but does not forbid to compare them: settings of the cluster, versions, hardware,
 * and how it was measured. Possible causes of what differs.
 * @param results the base first
 */
export function differencesOf(results: readonly NamedResult[]): readonly SettingDifference[] {
  const kinds = Object.entries(FACTS) as [SettingDifference['kind'], (result: Result) => Facts][];
  return kinds.flatMap(([kind, factsOf]) => {
    const facts = results.map(({ result }) => factsOf(result));
    const names = [...new Set(facts.flatMap((each) => Object.keys(each)))];
    return names.flatMap((name) => {
      const values = facts.map((each) => textOf(each[name]));
      return new Set(values).size === 1 ? [] : [{ kind, name, values }];
    });
  });
}

type Fact = string | number | boolean | null;
type Facts = Readonly<Record<string, Fact>>;

function textOf(fact: Fact | undefined): string | null {
  if (fact === undefined || fact === null) {
    return null;
  }
  return typeof fact === 'boolean' ? (fact ? 'on' : 'off') : String(fact);
}

const FACTS: Readonly<Record<SettingDifference['kind'], (result: Result) => Facts>> = {
  setting: ({ cluster }) => cluster.settings,
  version: ({ cluster, tool }) => ({
    postgres: cluster.postgres,
    patroni: cluster.patroni,
    haproxy: cluster.haproxy,
    'pgha-bench': tool.version,
    node: tool.node,
  }),
  hardware: ({ tool, cluster }) => ({
    platform: tool.platform,
    cpus: tool.cpus,
    memory: `${(tool.memoryBytes / GIB).toFixed(1)} GiB`,
    members: cluster.members.length,
  }),
  plan: ({ plan, run }) => ({ ...planFacts(plan), status: run.status }),
};

/** What the kernel keeps for itself varies from boot to boot by less than is shown. */
const GIB = 1024 ** 3;

function planFacts(plan: Plan): Facts {
  const { deadlines, reconnect, retry, target } = plan;
  const time = (ms: number | null) => (ms === null ? 'none' : formatDuration(ms));
  return {
    // Labs have names of their own, and are alike.
    target: target.kind === 'lab' ? 'lab' : `${target.kind} ${hostPort(target.rw)}`,
    'ro port': target.ro !== undefined,
    tls: target.rw.sslMode,
    duration: time(plan.durationMs),
    transactions:
      plan.transactions === null ? 'none' : `${plan.transactions.count} per ${plan.transactions.per}`,
    rounds: plan.rounds ?? 'none',
    warmup: time(plan.warmupMs),
    workers: plan.workers,
    interval: time(plan.intervalMs),
    probes: plan.probes,
    observers: plan.observers,
    'direct writes': plan.directWrites,
    ledger: plan.ledger,
    'per command': plan.perCommand,
    log: plan.log !== null,
    'on contention': retry.contention,
    'max tries': retry.maxTries,
    'connect deadline': time(deadlines.connectMs),
    'statement deadline': time(deadlines.statementMs),
    'transaction deadline': time(deadlines.transactionMs),
    'first reconnect': time(reconnect.firstMs),
    'longest reconnect': time(reconnect.capMs),
    'reconnect burst': reconnect.burst,
  };
}
