import { config } from './config.js';
import { cutReplication } from './cut-replication.js';
import { exec } from './exec.js';
import { failover } from './failover.js';
import type { Fault } from './fault.js';
import { freezeNode } from './freeze-node.js';
import { freezePostgres } from './freeze-postgres.js';
import { killEtcdLeader } from './kill-etcd-leader.js';
import { killNode } from './kill-node.js';
import { killPatroni } from './kill-patroni.js';
import { killPostgres } from './kill-postgres.js';
import { killReplica } from './kill-replica.js';
import { pause } from './pause.js';
import { reinitialize } from './reinitialize.js';
import { reloadHaproxy } from './reload-haproxy.js';
import { restart } from './restart.js';
import { restartHaproxy } from './restart-haproxy.js';
import { resume } from './resume.js';
import { stopEtcdQuorum } from './stop-etcd-quorum.js';
import { switchover } from './switchover.js';

/** Every fault, by kind. */
export const FAULTS: readonly Fault[] = [
  config,
  cutReplication,
  exec,
  failover,
  freezeNode,
  freezePostgres,
  killEtcdLeader,
  killNode,
  killPatroni,
  killPostgres,
  killReplica,
  pause,
  reinitialize,
  reloadHaproxy,
  restart,
  restartHaproxy,
  resume,
  stopEtcdQuorum,
  switchover,
];
