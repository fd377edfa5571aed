import type { Lookers } from '../observe/probes.js';
import type { Answer } from './answer.js';
import type { EtcdEvidence } from './etcd-evidence.js';
import type { Check } from './finding.js';
import type { GeneratorEvidence } from './generator-evidence.js';
import type { HaproxyEvidence } from './haproxy-evidence.js';
import type { HostEvidence } from './host-evidence.js';
import type { PatroniEvidence } from './patroni-evidence.js';
import type { PostgresEvidence } from './postgres-evidence.js';
import type { WriteProbe } from './write-probe.js';

/** All that was read of a running target. What the target does not have, or nobody could read, says so. */
export interface LiveEvidence {
  /** That the target is to be loaded with. */
  readonly clients: number;
  /** Connections that a run opens beside them to look on. */
  readonly lookers: Lookers;
  /** Members that the run is to hurt, by name; none where there is no run. */
  readonly hurt: readonly string[];
  readonly patroni: Answer<PatroniEvidence>;
  readonly etcd: Answer<EtcdEvidence>;
  readonly postgres: PostgresEvidence;
  readonly haproxy: Answer<HaproxyEvidence>;
  readonly generator: GeneratorEvidence;
  readonly host: Answer<HostEvidence>;
  readonly writeProbe: Answer<WriteProbe>;
}

export type LiveCheck = Check<LiveEvidence>;
