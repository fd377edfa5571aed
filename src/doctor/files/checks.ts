import { ETCD_ADDRESS_CHECKS } from './checks/etcd-addresses.js';
import { ETCD_FOUNDING_CHECKS } from './checks/etcd-founding.js';
import { HAPROXY_HEALTH_CHECKS } from './checks/haproxy-health.js';
import { HAPROXY_LIMIT_CHECKS } from './checks/haproxy-limits.js';
import { HAPROXY_SERVER_CHECKS } from './checks/haproxy-servers.js';
import { HAPROXY_SYNTAX_CHECKS } from './checks/haproxy-syntax.js';
import { HOST_PATH_CHECKS } from './checks/host-paths.js';
import { IDENTITY_CHECKS } from './checks/identity.js';
import { PASSWORD_CHECKS } from './checks/passwords.js';
import { PATRONI_NETWORK_CHECKS } from './checks/patroni-network.js';
import { PATRONI_TIMING_CHECKS } from './checks/patroni-timing.js';
import { PG_HBA_CHECKS } from './checks/pg-hba.js';
import { POSTGRES_SETTING_CHECKS } from './checks/postgres-settings.js';
import { SERVICE_CHECKS } from './checks/services.js';
import type { FileCheck } from './evidence.js';

/** All that is looked at in files, in the order of the report: layer by layer. */
export const FILE_CHECKS: readonly FileCheck[] = [
  ...IDENTITY_CHECKS,
  ...PATRONI_NETWORK_CHECKS,
  ...PATRONI_TIMING_CHECKS,
  ...PASSWORD_CHECKS,
  ...PG_HBA_CHECKS,
  ...POSTGRES_SETTING_CHECKS,
  ...ETCD_FOUNDING_CHECKS,
  ...ETCD_ADDRESS_CHECKS,
  ...HAPROXY_SYNTAX_CHECKS,
  ...HAPROXY_HEALTH_CHECKS,
  ...HAPROXY_SERVER_CHECKS,
  ...HAPROXY_LIMIT_CHECKS,
  ...SERVICE_CHECKS,
  ...HOST_PATH_CHECKS,
];
