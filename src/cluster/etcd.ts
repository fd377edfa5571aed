import { getJson, type HttpAccess, jsonOf, request } from './http.js';
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
}

/** Members by the gateway of API v3, which is on by default from 3.4 on. Ids are decimal texts: they exceed 2^53. */
export async function getEtcdMembers(url: string, access: HttpAccess = {}): Promise<readonly EtcdMember[]> {
  const body = objectOf(await post(url, '/v3/cluster/member/list', {}, access)) ?? {};
  return objectsOf(body['members']).map((member) => ({
    id: textOf(member['ID']) ?? '',
    name: textOf(member['name']) ?? '',
    clientUrls: arrayOf(member['clientURLs']).filter((each) => typeof each === 'string'),
  }));
}

export async function getEtcdStatus(url: string, access: HttpAccess = {}): Promise<EtcdStatus> {
  const body = objectOf(await post(url, '/v3/maintenance/status', {}, access)) ?? {};
  const leader = textOf(body['leader']);
  return {
    id: textOf(objectOf(body['header'])?.['member_id']) ?? '',
    leaderId: leader === null || leader === '0' ? null : leader,
    version: textOf(body['version']),
    raftTerm: Number(textOf(body['raftTerm']) ?? 0),
  };
}

/** Whether the member can serve: it has a leader, and a read through consensus works. */
export async function isEtcdHealthy(url: string, access: HttpAccess = {}): Promise<boolean> {
  const body = objectOf(await getJson(`${trimmed(url)}/health`, access));
  return body?.['health'] === 'true';
}

/** The value of a key, null when it does not exist. */
export async function getEtcdKey(url: string, key: string, access: HttpAccess = {}): Promise<string | null> {
  const order = { key: Buffer.from(key).toString('base64') };
  const body = objectOf(await post(url, '/v3/kv/range', order, access)) ?? {};
  const first = objectsOf(body['kvs'])[0];
  if (first === undefined) {
    return null;
  }
  return Buffer.from(textOf(first['value']) ?? '', 'base64').toString('utf8');
}

async function post(url: string, path: string, body: unknown, access: HttpAccess): Promise<unknown> {
  const endpoint = trimmed(url) + path;
  return jsonOf(endpoint, await request('POST', endpoint, access, body));
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
