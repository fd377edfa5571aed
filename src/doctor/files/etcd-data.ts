import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../errors.js';
import type { InitialMember } from './etcd-file.js';

/** A data directory of etcd that holds a member. */
export interface EtcdData {
  /** Of the cluster that it is a member of, as etcdctl writes it, `cdf818194e3a8c32`; null where it cannot be read. */
  readonly clusterId: string | null;
}

/** @returns null where the directory holds no member: etcd would make a new one there; `unreadable` where it may not be read */
export async function readEtcdData(directory: string): Promise<EtcdData | 'unreadable' | null> {
  const wal = join(directory, 'member', 'wal');
  try {
    const [first] = (await readdir(wal)).filter((name) => name.endsWith('.wal')).sort();
    return first === undefined ? null : { clusterId: clusterIdOfWal(await headOf(join(wal, first))) };
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '') ? null : 'unreadable';
  }
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const METADATA = 1n;

/**
 * Every file of etcd's write-ahead log begins with a checksum and the metadata: ids of the member and of the cluster. A
 * record is its length (of 8 bytes, the highest one tells of padding), and a message of protobuf.
 */
export function clusterIdOfWal(wal: Buffer): string | null {
  for (let at = 0; at + 8 <= wal.length; ) {
    const field = wal.readBigUInt64LE(at);
    const length = Number(field & 0x00ff_ffff_ffff_ffffn);
    const padding = field >> 63n === 1n ? Number((field >> 56n) & 7n) : 0;
    if (length === 0 || at + 8 + length > wal.length) {
      return null;
    }
    const record = fieldsOf(wal.subarray(at + 8, at + 8 + length));
    const data = record.get(3);
    if (record.get(1) === METADATA && Buffer.isBuffer(data)) {
      const id = fieldsOf(data).get(2);
      return typeof id === 'bigint' ? id.toString(16) : null;
    }
    at += 8 + length + padding;
  }
  return null;
}

/** Numbers and bytes of a protobuf message by their field; what has another form ends it. */
function fieldsOf(message: Buffer): ReadonlyMap<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; at < message.length; shift += 7n) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        break;
      }
    }
    return BigInt.asUintN(64, value);
  };
  while (at < message.length) {
    const key = Number(varint());
    if (key % 8 === 0) {
      fields.set(key >> 3, varint());
    } else if (key % 8 === 2) {
      const length = Number(varint());
      fields.set(key >> 3, message.subarray(at, at + length));
      at += length;
    } else {
      break;
    }
  }
  return fields;
}

/**
 * The id that etcd gives a cluster when it founds one: digests of each member's URLs and the token, and of those together.
 * Members that joined or left later do not change it.
 */
export function foundedClusterId(members: readonly InitialMember[], token: string): string {
  const byName = new Map<string, string[]>();
  for (const { name, url } of members) {
    byName.set(name, [...(byName.get(name) ?? []), url]);
  }
  const ids = [...byName.values()]
    .map((urls) => digest(Buffer.from(urls.sort().join('') + token)))
    .sort(Buffer.compare);
  return digest(Buffer.concat(ids)).readBigUInt64BE().toString(16);
}

function digest(data: Buffer): Buffer {
  return createHash('sha1').update(data).digest().subarray(0, 8);
}
