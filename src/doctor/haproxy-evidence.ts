import {
  getHaproxyCheckAddresses,
  getHaproxyInfo,
  getHaproxyStats,
  type HaproxyCheckAddress,
  type HaproxyLine,
} from '../cluster/haproxy.js';
import type { HttpAccess } from '../cluster/http.js';
import { addressesOf, type HaproxyAddress, type Route, type Target } from '../plan/target.js';
import { type Answer, answerOf } from './answer.js';
import type { Path, Paths } from './haproxy-backends.js';
import { proxyBehind } from './haproxy-trace.js';

export interface HaproxyEvidence {
  readonly stats: Answer<readonly HaproxyLine[]>;
  /** `show info`. */
  readonly info: Answer<ReadonlyMap<string, string>>;
  readonly checkAddresses: Answer<readonly HaproxyCheckAddress[]>;
  /** How it checks, by the names of a result: `haproxy.inter`. What nobody said is not in it. */
  readonly checks: Readonly<Record<string, string | number>>;
  /** Processes with its configuration that still run. */
  readonly pids: Answer<readonly number[]>;
  /** Where the endpoints of the target lead. */
  readonly paths: Paths;
}

const TIMEOUT_MS = 1500;

export async function gatherHaproxy(
  address: HaproxyAddress,
  target: Pick<Target, Route>,
  known: Pick<HaproxyEvidence, 'checks' | 'pids'>,
  access: HttpAccess,
  depth: 'quick' | 'full',
): Promise<HaproxyEvidence> {
  const patient = { ...access, timeoutMs: TIMEOUT_MS };
  const full = <T>(ask: (access: HttpAccess) => Promise<T>): Promise<Answer<T>> =>
    depth === 'full'
      ? answerOf((signal) => ask({ ...patient, signal }))
      : Promise.resolve({ unknown: 'not asked' });
  const [stats, info, checkAddresses, rw, ro] = await Promise.all([
    answerOf((signal) => getHaproxyStats(address, { ...patient, signal })),
    full((way) => getHaproxyInfo(address, way)),
    full((way) => getHaproxyCheckAddresses(address, way)),
    pathOf(target.rw),
    target.ro === undefined ? null : pathOf(target.ro),
  ]);
  return { stats, info, checkAddresses, ...known, paths: { rw, ro } };

  async function pathOf(endpoint: Target['rw']): Promise<Path> {
    const addresses = addressesOf(endpoint);
    const [first] = addresses;
    // Behind one of several addresses another proxy may be than behind the next.
    const isOne = addresses.length === 1 && first !== undefined;
    return { addresses, proxy: isOne ? await proxyBehind(first, address, patient) : null };
  }
}
