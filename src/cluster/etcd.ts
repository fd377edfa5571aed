import { askEtcd, type EtcdAccess } from './etcd-login.js';
import { EndpointError, jsonOf, request } from './http.js';
import { arrayOf, objectOf, objectsOf, textOf } from './json.js';

/** One member as etcd lists it. */
export interface EtcdMember {
  readonly id: string;
  readonly name: string;
  readonly clientUrls: readonly string[];
}

/** What one member says of itself. */
export interface EtcdStatus {
  readonly id: string;
  /** Id of the leader that this member follows, null while there is none. */
  readonly leaderId: string | null;
  readonly version: string | null;
  readonly raftTerm: number;
  readonly clusterId: string | null;
  /** Of the data on disk. */
  readonly dbSizeBytes: number | null;
}

/** Members by the gateway of API v3, which is on by default from 3.4 on. Ids are decimal texts: they exceed 2^53. */
export async function getEtcdMembers(url: string, access: EtcdAccess = {}): Promise<readonly EtcdMember[]> {
  const body = objectOf(await post(url, '/v3/cluster/member/list', {}, access)) ?? {};
  return objectsOf(body['members']).map((member) => ({
    id: textOf(member['ID']) ?? '',
    name: textOf(member['name']) ?? '',
    clientUrls: arrayOf(member['clientURLs']).filter((each) => typeof each === 'string'),
  }));
}

export async function getEtcdStatus(url: string, access: EtcdAccess = {}): Promise<EtcdStatus> {
  const body = objectOf(await post(url, '/v3/maintenance/status', {}, access)) ?? {};
  const leader = textOf(body['leader']);
  return {
    id: textOf(objectOf(body['header'])?.['member_id']) ?? '',
    leaderId: leader === null || leader === '0' ? null : leader,
    version: textOf(body['version']),
    raftTerm: Number(textOf(body['raftTerm']) ?? 0),
    clusterId: textOf(objectOf(body['header'])?.['cluster_id']),
    dbSizeBytes: decimal(body['dbSize']),
  };
}

/**
 * Whether the member can serve: it has a leader, and a read through consensus works.
 * @throws EndpointError when it does not answer; 503 is how one without a leader answers
 */
export async function isEtcdHealthy(url: string, access: EtcdAccess = {}): Promise<boolean> {
  const endpoint = `${trimmed(url)}/health`;
  const reply = await request('GET', endpoint, access);
  if (reply.status === 503) {
    return false;
  }
  return objectOf(jsonOf(endpoint, reply))?.['health'] === 'true';
}

/** `NOSPACE`, `CORRUPT`, by the id of the member that has raised it. */
export interface EtcdAlarm {
  readonly memberId: string;
  readonly alarm: string;
}

export async function getEtcdAlarms(url: string, access: EtcdAccess = {}): Promise<readonly EtcdAlarm[]> {
  const body = objectOf(await post(url, '/v3/maintenance/alarm', { action: 'GET' }, access)) ?? {};
  return objectsOf(body['alarms']).map((alarm) => ({
    memberId: textOf(alarm['memberID']) ?? '',
    alarm: textOf(alarm['alarm']) ?? 'UNKNOWN',
  }));
}

/** What a key's lease was granted, s: etcd raises what is too short for it. Null where the key, or its lease, is not there. */
export async function getEtcdLeaseTtl(
  url: string,
  key: string,
  access: EtcdAccess = {},
): Promise<number | null> {
  const body = objectOf(await post(url, '/v3/kv/range', { key: encode(key) }, access)) ?? {};
  const lease = textOf(objectsOf(body['kvs'])[0]?.['lease']);
  if (lease === null) {
    return null;
  }
  // Where 3.4 has it; later ones answer there, too.
  const answer = objectOf(await post(url, '/v3/kv/lease/timetolive', { ID: lease }, access)) ?? {};
  return decimal(answer['grantedTTL']);
}

/** Prometheus' text. */
export async function getEtcdMetrics(url: string, access: EtcdAccess = {}): Promise<string> {
  const endpoint = `${trimmed(url)}/metrics`;
  const reply = await request('GET', endpoint, access);
  if (reply.status !== 200) {
    throw new EndpointError(endpoint, 'status', `answered ${reply.status}`);
  }
  return reply.text;
}

/** The value of a key, null when it does not exist. */
export async function getEtcdKey(url: string, key: string, access: EtcdAccess = {}): Promise<string | null> {
  const body = objectOf(await post(url, '/v3/kv/range', { key: encode(key) }, access)) ?? {};
  const first = objectsOf(body['kvs'])[0];
  return first === undefined ? null : decode(first['value']);
}

/** All keys with a prefix at one revision. */
export interface EtcdSnapshot {
  readonly revision: number;
  readonly values: ReadonlyMap<string, string>;
}

export async function getEtcdPrefix(
  url: string,
  prefix: string,
  access: EtcdAccess = {},
): Promise<EtcdSnapshot> {
  const body = objectOf(await post(url, '/v3/kv/range', prefixRange(prefix), access)) ?? {};
  return {
    revision: Number(textOf(objectOf(body['header'])?.['revision']) ?? 0),
    values: new Map(objectsOf(body['kvs']).map((pair) => [decode(pair['key']), decode(pair['value'])])),
  };
}

/** Names of the first keys with a prefix, in their order, and whether those are all. */
export async function getEtcdKeyNames(
  url: string,
  prefix: string,
  limit: number,
  access: EtcdAccess = {},
): Promise<{ readonly names: readonly string[]; readonly isAll: boolean }> {
  const range = { ...prefixRange(prefix), keys_only: true, limit };
  const body = objectOf(await post(url, '/v3/kv/range', range, access)) ?? {};
  return { names: objectsOf(body['kvs']).map((pair) => decode(pair['key'])), isAll: body['more'] !== true };
}

/** `key` and `range_end` of everything that begins with the prefix, which must not be empty. */
export function prefixRange(prefix: string): { readonly key: string; readonly range_end: string } {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return { key: encode(prefix), range_end: end.toString('base64') };
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Keys and values are base64 in JSON; an empty value is left out. */
export function decode(base64: unknown): string {
  return Buffer.from(textOf(base64) ?? '', 'base64').toString('utf8');
}

/** A number that JSON has as a text, since it may exceed 2^53. */
function decimal(value: unknown): number | null {
  const text = textOf(value);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

async function post(url: string, path: string, body: unknown, access: EtcdAccess): Promise<unknown> {
  const base = trimmed(url);
  return jsonOf(base + path, await askEtcd(base, path, access, body));
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
