import { isAtLeast } from './binaries.js';
import type { HaproxyTiming } from './templates/haproxy.js';
import type { PatroniTiming } from './templates/patroni.js';

/** `stock`: the sample values of Patroni and HAProxy, so that figures compare with the world. `fast`: the shortest that are supported. */
export type ProfileName = 'stock' | 'fast';

export const PROFILE_NAMES: readonly ProfileName[] = ['stock', 'fast'];

export interface Profile {
  readonly patroni: PatroniTiming;
  readonly haproxy: HaproxyTiming;
}

export function profileOf(name: ProfileName, patroniVersion: string): Profile {
  return name === 'stock' ? STOCK : { patroni: fastest(patroniVersion), haproxy: FAST_HAPROXY };
}

/** From patroni's postgres0.yml and haproxy.cfg. */
const STOCK: Profile = {
  patroni: { ttl: 30, loopWait: 10, retryTimeout: 10, maximumLagOnFailover: 1_048_576 },
  haproxy: {
    inter: '3s',
    fall: 3,
    rise: 2,
    connectTimeout: '4s',
    checkTimeout: '5s',
  },
};

const FAST_HAPROXY: HaproxyTiming = {
  inter: '500ms',
  fastinter: '200ms',
  fall: 2,
  rise: 1,
  connectTimeout: '1s',
  checkTimeout: '1s',
};

/**
 * Patroni enforces ttl >= 20, loop_wait >= 1 and retry_timeout >= 3 from 3.2 on. Before, the limits are
 * loop_wait + 2 × retry_timeout <= ttl, and what etcd grants: 1.5 × its election timeout, 2 s by default.
 */
function fastest(patroniVersion: string): PatroniTiming {
  if (isAtLeast(patroniVersion, '3.2')) {
    return { ttl: 20, loopWait: 1, retryTimeout: 3, maximumLagOnFailover: 1_048_576 };
  }
  return { ttl: 8, loopWait: 2, retryTimeout: 3, maximumLagOnFailover: 1_048_576 };
}
