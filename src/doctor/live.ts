import { type ClusterAccess, clusterAccess } from '../cluster/access.js';
import { withDirect } from '../cluster/direct.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import type { Lookers } from '../observe/probes.js';
import type { Secrets, Target } from '../plan/target.js';
import { type Answer, answerOf } from './answer.js';
import { type EtcdEvidence, gatherEtcd } from './etcd-evidence.js';
import type { LiveEvidence } from './evidence.js';
import { gatherGenerator } from './generator-evidence.js';
import { gatherHaproxy, type HaproxyEvidence } from './haproxy-evidence.js';
import { gatherHost, type HostEvidence, isLocal } from './host-evidence.js';
import { gatherPatroni, type PatroniEvidence } from './patroni-evidence.js';
import { addressOf, gatherPostgres, type Inspector, type PostgresEvidence } from './postgres-evidence.js';
import { PROBE_MS, probeByWriting, readersOf, type WriteProbe } from './write-probe.js';

/** What whoever started the cluster knows of it beside its addresses. */
export interface Insight {
  /** How HAProxy checks, by the names of a result, `haproxy.inter`. */
  readonly checks: HaproxyEvidence['checks'];
  /** Processes of HAProxy that run. */
  readonly haproxyPids: Answer<readonly number[]>;
  /** Who looks at the nodes; the user of the load when absent. */
  readonly inspector?: Inspector;
  /** Directories of the data by member, on this machine. */
  readonly dataDirectories?: Readonly<Record<string, string>>;
}

export interface LiveOptions {
  readonly clients: number;
  readonly lookers: Lookers;
  /** Consent to make a table, write to it and drop it. */
  readonly writeProbe: boolean;
  /** Ends the writing early; the table is dropped all the same. */
  readonly signal?: AbortSignal;
}

/** Reads everything at the same time; nothing that does not answer holds up the rest, and nothing here rejects. */
export async function gatherLive(
  target: Target,
  secrets: Secrets,
  insight: Insight,
  { clients, lookers, writeProbe, signal }: LiveOptions,
): Promise<LiveEvidence> {
  const access = clusterAccess(target, secrets);
  const patroni = patroniOf(target, access, 'full');
  const members = patroni.then((known) => withDirect(membersOf(known), target));
  const nodes = postgresOf(target, secrets, insight, members);
  const [patroniEvidence, etcd, postgres, haproxy, generator, host, written] = await Promise.all([
    patroni,
    etcdOf(target, access, patroni.then(scopeOf), 'full'),
    nodes,
    haproxyOf(target, access, insight, 'full'),
    gatherGenerator(),
    hostOf(target, insight, nodes),
    // It is the last to begin: what it does is not to be seen by the others.
    nodes.then(() => writtenTo(target, secrets, members, writeProbe, signal)),
  ]);
  return {
    clients,
    lookers,
    hurt: [],
    patroni: patroniEvidence,
    etcd,
    postgres,
    haproxy,
    generator,
    host,
    writeProbe: written,
  };
}

/** What decides whether a run makes sense, from one question to each service; PostgreSQL is not asked. */
export async function gatherQuick(
  target: Target,
  access: ClusterAccess,
): Promise<Pick<LiveEvidence, 'patroni' | 'etcd' | 'haproxy'>> {
  const nothing: Insight = { checks: {}, haproxyPids: { unknown: 'not asked' } };
  const [patroni, etcd, haproxy] = await Promise.all([
    patroniOf(target, access, 'quick'),
    etcdOf(target, access, Promise.resolve(null), 'quick'),
    haproxyOf(target, access, nothing, 'quick'),
  ]);
  return { patroni, etcd, haproxy };
}

type Depth = 'quick' | 'full';

async function patroniOf(
  { patroni }: Target,
  access: ClusterAccess,
  depth: Depth,
): Promise<Answer<PatroniEvidence>> {
  return patroni.length === 0
    ? { unknown: 'no address of Patroni was given (--patroni)' }
    : { value: await gatherPatroni(patroni, access.patroni, depth) };
}

async function etcdOf(
  { etcd = [] }: Target,
  access: ClusterAccess,
  scope: Promise<string | null>,
  depth: Depth,
): Promise<Answer<EtcdEvidence>> {
  return etcd.length === 0
    ? { unknown: 'no address of etcd was given (--etcd)' }
    : { value: await gatherEtcd(etcd, scope, access.etcd, depth) };
}

async function haproxyOf(
  target: Target,
  access: ClusterAccess,
  { checks, haproxyPids: pids }: Insight,
  depth: Depth,
): Promise<Answer<HaproxyEvidence>> {
  const { haproxy } = target;
  return haproxy === undefined
    ? { unknown: 'no statistics of HAProxy were given (--haproxy)' }
    : { value: await gatherHaproxy(haproxy, target, { checks, pids }, access.haproxy, depth) };
}

function membersOf(patroni: Answer<PatroniEvidence>): readonly ClusterMember[] {
  return 'value' in patroni && 'value' in patroni.value.cluster ? patroni.value.cluster.value.members : [];
}

function scopeOf(patroni: Answer<PatroniEvidence>): string | null {
  const members = 'value' in patroni ? patroni.value.members : [];
  return members.flatMap(({ self }) => ('value' in self ? (self.value.scope ?? []) : []))[0] ?? null;
}

function postgresOf(
  target: Target,
  secrets: Secrets,
  { inspector }: Insight,
  members: Promise<readonly ClusterMember[]>,
): Promise<PostgresEvidence> {
  const { user, database } = target.rw;
  const own: Inspector = { user, database, password: secrets.rwPassword };
  const passwords = { rw: secrets.rwPassword, ro: secrets.roPassword };
  return gatherPostgres(target, members, passwords, inspector ?? own);
}

async function hostOf(
  { kind }: Target,
  { dataDirectories }: Insight,
  nodes: Promise<PostgresEvidence>,
): Promise<Answer<HostEvidence>> {
  if (dataDirectories !== undefined) {
    return { value: await gatherHost(dataDirectories, kind === 'lab') };
  }
  const local = (await nodes).nodes.filter(({ address }) => isLocal(address.host));
  if (local.length === 0) {
    return { unknown: 'the servers are on other machines' };
  }
  const directories = local.flatMap(({ name, answer }) => {
    const directory = 'value' in answer ? answer.value.settings.get('data_directory') : undefined;
    return directory === undefined ? [] : [[name, directory] as const];
  });
  return { value: await gatherHost(Object.fromEntries(directories), kind === 'lab') };
}

async function writtenTo(
  target: Target,
  secrets: Secrets,
  members: Promise<readonly ClusterMember[]>,
  consent: boolean,
  signal: AbortSignal | undefined,
): Promise<Answer<WriteProbe>> {
  if (!consent) {
    return { unknown: 'it writes, so that it needs --write-probe' };
  }
  const addresses = (await members).flatMap((member) => {
    const address = addressOf(member);
    return address === null ? [] : [{ name: member.name, address }];
  });
  const ro = target.ro === undefined ? undefined : { endpoint: target.ro, password: secrets.roPassword };
  const readers = readersOf(target.rw, secrets.rwPassword, ro, addresses);
  return answerOf(() => probeByWriting(target.rw, secrets.rwPassword, readers, signal), PROBE_MS);
}

/** Kept apart from what was found: a target that nothing at all could be read of was not diagnosed. */
export function refuseSilence({ postgres, patroni }: LiveEvidence): void {
  const isSilent =
    'unknown' in postgres.rw &&
    postgres.nodes.every(({ answer }) => 'unknown' in answer) &&
    ('unknown' in patroni || patroni.value.members.every(({ self }) => 'unknown' in self));
  if (isSilent && 'unknown' in postgres.rw) {
    throw new UserError(`Nothing of the target answers: ${postgres.rw.unknown}`);
  }
}
