import { ENDPOINT_CHECKS } from './endpoints.js';
import { ETCD_CHECKS } from './etcd.js';
import type { LiveCheck } from './evidence.js';
import { GENERATOR_CHECKS } from './generator.js';
import { HAPROXY_CHECKS } from './haproxy.js';
import { HOST_CHECKS } from './host.js';
import { PATRONI_CHECKS } from './patroni.js';
import { PATRONI_SETTING_CHECKS } from './patroni-settings.js';
import { POSTGRES_CHECKS } from './postgres.js';

/** All that is looked at on a running target, by layer. */
export const LIVE_CHECKS: readonly LiveCheck[] = [
  ...PATRONI_CHECKS,
  ...PATRONI_SETTING_CHECKS,
  ...ETCD_CHECKS,
  ...POSTGRES_CHECKS,
  ...ENDPOINT_CHECKS,
  ...HAPROXY_CHECKS,
  ...GENERATOR_CHECKS,
  ...HOST_CHECKS,
];
