import {
  getHaproxyCheckAddresses,
  getHaproxyInfo,
  getHaproxyStats,
  type HaproxyCheckAddress,
  type HaproxyLine,
} from '../cluster/haproxy.js';
import type { HttpAccess } from '../cluster/http.js';
import type { HaproxyAddress } from '../plan/target.js';
import { type Answer, answerOf } from './answer.js';

export interface HaproxyEvidence {
  readonly stats: Answer<readonly HaproxyLine[]>;
  /** `show info`. */
  readonly info: Answer<ReadonlyMap<string, string>>;
  readonly checkAddresses: Answer<readonly HaproxyCheckAddress[]>;
  /** How it checks, by the names of a result: `haproxy.inter`. What nobody said is not in it. */
  readonly checks: Readonly<Record<string, string | number>>;
  /** Processes with its configuration that still run. */
  readonly pids: Answer<readonly number[]>;
}

const TIMEOUT_MS = 1500;

export async function gatherHaproxy(
  address: HaproxyAddress,
  known: Pick<HaproxyEvidence, 'checks' | 'pids'>,
  access: HttpAccess,
  depth: 'quick' | 'full',
): Promise<HaproxyEvidence> {
  const patient = { ...access, timeoutMs: TIMEOUT_MS };
  const full = <T>(ask: (access: HttpAccess) => Promise<T>): Promise<Answer<T>> =>
    depth === 'full'
      ? answerOf((signal) => ask({ ...patient, signal }))
      : Promise.resolve({ unknown: 'not asked' });
  const [stats, info, checkAddresses] = await Promise.all([
    answerOf((signal) => getHaproxyStats(address, { ...patient, signal })),
    full((way) => getHaproxyInfo(address, way)),
    full((way) => getHaproxyCheckAddresses(address, way)),
  ]);
  return { stats, info, checkAddresses, ...known };
}
