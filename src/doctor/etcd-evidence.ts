import {
  type EtcdAlarm,
  type EtcdMember,
  type EtcdStatus,
  getEtcdAlarms,
  getEtcdLeaseTtl,
  getEtcdMembers,
  getEtcdMetrics,
  getEtcdPrefix,
  getEtcdStatus,
  isEtcdHealthy,
} from '../cluster/etcd.js';
import type { HttpAccess } from '../cluster/http.js';
import { findPatroniKeys } from '../cluster/patroni-keys.js';
import { type Answer, answerOf } from './answer.js';

export interface EtcdEvidence {
  readonly members: Answer<readonly EtcdMember[]>;
  readonly alarms: Answer<readonly EtcdAlarm[]>;
  /** Of this cluster's keys, `/service/SCOPE/`; null where that etcd has none. */
  readonly prefix: Answer<string | null>;
  /** All keys of the namespace that they are in, of other clusters, too. */
  readonly keys: Answer<ReadonlyMap<string, string>>;
  /** What the lease of the leader key was granted, s; null where there is none. */
  readonly leaseTtlS: Answer<number | null>;
  readonly nodes: readonly EtcdNode[];
}

export interface EtcdNode {
  readonly name: string;
  readonly url: string;
  readonly status: Answer<EtcdStatus>;
  readonly healthy: Answer<boolean>;
  readonly metrics: Answer<EtcdMetrics>;
}

export interface EtcdMetrics {
  /** Upper end of the bucket that the 99th percentile lies in; null where too few were counted, Infinity beyond all. */
  readonly fsyncP99Ms: number | null;
  readonly quotaBytes: number | null;
}

/** `/service/` of `/service/SCOPE/`. */
export function namespaceOf(prefix: string): string {
  return prefix.replace(/[^/]+\/$/, '');
}

/** `SCOPE` of `/service/SCOPE/`. */
export function scopeIn(prefix: string): string {
  return prefix.slice(namespaceOf(prefix).length, -1);
}

const TIMEOUT_MS = 1500;

/** @param scope of the cluster, null where it is not known */
export async function gatherEtcd(
  urls: readonly string[],
  scope: Promise<string | null>,
  access: HttpAccess,
  depth: 'quick' | 'full',
): Promise<EtcdEvidence> {
  const patient = { ...access, timeoutMs: TIMEOUT_MS };
  const any = <T>(ask: (url: string, access: HttpAccess) => Promise<T>) =>
    answerOf((signal) => Promise.any(urls.map((url) => ask(url, { ...patient, signal }))));
  const [members, alarms, prefix] = await Promise.all([
    any(getEtcdMembers),
    any(getEtcdAlarms),
    depth === 'full'
      ? answerOf((signal) => prefixOf(urls, scope, { ...patient, signal }))
      : { unknown: 'not asked' },
  ]);
  const place = 'value' in prefix ? prefix.value : null;
  const under = <T>(
    ask: (url: string, place: string, access: HttpAccess) => Promise<T>,
  ): Promise<Answer<T>> =>
    place === null
      ? Promise.resolve({
          unknown: 'unknown' in prefix ? prefix.unknown : "that etcd has no keys of this cluster's scope",
        })
      : any((url, way) => ask(url, place, way));
  const [keys, leaseTtlS] = await Promise.all([
    under(async (url, at, way) => (await getEtcdPrefix(url, namespaceOf(at), way)).values),
    under((url, at, way) => getEtcdLeaseTtl(url, `${at}leader`, way)),
  ]);
  const nodes = await Promise.all(nodesOf(urls, members).map((node) => lookAt(node, patient, depth)));
  return { members, alarms, prefix, keys, leaseTtlS, nodes };
}

async function prefixOf(
  urls: readonly string[],
  scope: Promise<string | null>,
  access: HttpAccess,
): Promise<string | null> {
  const name = await scope;
  if (name === null) {
    throw new Error("the cluster's scope is not known");
  }
  return findPatroniKeys(urls, name, access);
}

/** The members at the addresses that were given; those that were not are asked where they say that they listen. */
function nodesOf(
  urls: readonly string[],
  members: EtcdEvidence['members'],
): readonly Pick<EtcdNode, 'name' | 'url'>[] {
  const known = 'value' in members ? members.value : [];
  const given = urls.map((url) => ({
    url,
    name: known.find(({ clientUrls }) => clientUrls.includes(url))?.name ?? url,
  }));
  const isKnown = given.every(({ name, url }) => name !== url);
  // One that is given by another address than it advertises cannot be told from the others.
  const others = isKnown ? known.filter(({ name }) => given.every((each) => each.name !== name)) : [];
  return [...given, ...others.map(({ name, clientUrls }) => ({ name, url: clientUrls[0] ?? '' }))];
}

async function lookAt(
  { name, url }: Pick<EtcdNode, 'name' | 'url'>,
  access: HttpAccess,
  depth: 'quick' | 'full',
): Promise<EtcdNode> {
  const [status, healthy, metrics] = await Promise.all([
    answerOf((signal) => getEtcdStatus(url, { ...access, signal })),
    answerOf((signal) => isEtcdHealthy(url, { ...access, signal })),
    depth === 'quick'
      ? { unknown: 'not asked' }
      : answerOf(async (signal) => metricsOf(await getEtcdMetrics(url, { ...access, signal }))),
  ]);
  return { name, url, status, healthy, metrics };
}

/** Fewer say nothing of one in a hundred. */
const LEAST_FSYNCS = 200;

export function metricsOf(text: string): EtcdMetrics {
  const quota = /^etcd_server_quota_backend_bytes (\S+)$/m.exec(text)?.[1];
  const buckets = [...text.matchAll(/^etcd_disk_wal_fsync_duration_seconds_bucket\{le="([^"]+)"\} (\S+)$/gm)];
  const total = Number(buckets.at(-1)?.[2] ?? 0);
  const bucket = buckets.find(([, , count]) => Number(count) >= total * 0.99)?.[1];
  const endMs = bucket === '+Inf' ? Number.POSITIVE_INFINITY : Number(bucket) * 1000;
  return {
    fsyncP99Ms: total < LEAST_FSYNCS || bucket === undefined ? null : endMs,
    quotaBytes: quota === undefined ? null : Number(quota),
  };
}
