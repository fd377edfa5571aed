import type pg from 'pg';
import type { ClusterMember } from '../cluster/patroni.js';
import { codeOf, messageOf } from '../errors.js';
import { ClockOffsetEstimator, wallClockMs } from '../observe/clock-offset.js';
import { type Address, directly, type Endpoint, hostPort, type Target } from '../plan/target.js';
import { closeClient, openClient } from '../postgres/connect.js';
import { ROOM, type Room } from '../postgres/room.js';
import { systemIdentifierOf } from '../postgres/system-identifier.js';
import type { ClockOffset } from '../result/observed.js';
import { type Answer, type Asked, answerOf, PATIENCE_MS } from './answer.js';
import { type EndpointLook, lookAtEndpoint, type Settings } from './postgres-endpoint.js';

export interface PostgresEvidence {
  /** Each member, past the proxy; where none is known, what the read-write endpoint leads to. */
  readonly nodes: readonly PostgresNode[];
  readonly rw: Answer<EndpointLook>;
  readonly ro: Answer<EndpointLook>;
}

export interface PostgresNode extends Asked<NodeFacts> {
  readonly address: Address;
}

/** What a server says of itself. Null is what our role may not read. */
export interface NodeFacts {
  readonly standby: boolean;
  /** 150018 is 15.18. */
  readonly version: number;
  readonly systemIdentifier: string | null;
  readonly settings: Settings;
  readonly connections: Room;
  readonly slots: readonly Slot[];
  readonly senders: readonly Sender[] | null;
  readonly archiver: Archiver;
  /** Transactions that were prepared and not ended, more than a minute ago. */
  readonly prepared: number;
  /** Of a standby. */
  readonly replayPaused: boolean | null;
  readonly clock: ClockOffset | null;
  readonly hba: Answer<readonly HbaRule[]>;
}

export interface Slot {
  readonly name: string;
  readonly kind: 'physical' | 'logical';
  readonly active: boolean;
  readonly walStatus: string | null;
  readonly retainedBytes: number | null;
}

export interface Sender {
  readonly name: string;
  readonly state: string | null;
  /** Null for a backup, which has no slot and no state of a standby. */
  readonly slotKind: string | null;
}

export interface Archiver {
  readonly failed: number;
  /** Whether the last try failed. */
  readonly failing: boolean;
  readonly lastFailed: string | null;
}

export interface HbaRule {
  readonly line: number;
  readonly type: string;
  readonly databases: readonly string[];
  readonly address: string | null;
  readonly netmask: string | null;
  readonly method: string | null;
  readonly error: string | null;
}

/** Who asks the nodes: on a lab a superuser, elsewhere the user of the load. */
export interface Inspector {
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
}

export async function gatherPostgres(
  target: Target,
  members: Promise<readonly ClusterMember[]>,
  passwords: { readonly rw: string | undefined; readonly ro: string | undefined },
  inspector: Inspector,
): Promise<PostgresEvidence> {
  const [rw, ro, nodes] = await Promise.all([
    answerOf((signal) => lookAtEndpoint(target.rw, passwords.rw, signal)),
    target.ro === undefined
      ? { unknown: 'no read-only endpoint was given' }
      : answerOf((signal) => lookAtEndpoint(target.ro as Endpoint, passwords.ro, signal)),
    members.then((known) =>
      Promise.all(nodesOf(target, known).map((node) => lookAtNode(target.rw, node, inspector))),
    ),
  ]);
  return { rw, ro, nodes };
}

export function addressOf({ host, port }: ClusterMember): Address | null {
  return host === null || port === null ? null : { host, port };
}

function nodesOf(
  target: Target,
  members: readonly ClusterMember[],
): readonly { readonly name: string; readonly address: Address }[] {
  if (members.length === 0) {
    return [{ name: hostPort(target.rw), address: target.rw }];
  }
  return members.flatMap((member) => {
    const address = addressOf(member);
    return address === null ? [] : [{ name: member.name, address }];
  });
}

async function lookAtNode(
  login: Endpoint,
  { name, address }: { readonly name: string; readonly address: Address },
  { user, database, password }: Inspector,
): Promise<PostgresNode> {
  const endpoint = { ...directly(login, address), user, database };
  const answer = await answerOf(async (signal) => {
    const wait = { queryTimeoutMs: PATIENCE_MS, signal };
    const client = await openClient(endpoint, password, 'doctor', wait);
    try {
      return await factsOf(client, name);
    } finally {
      await closeClient(client);
    }
  });
  return { name, address, answer };
}

async function factsOf(client: pg.Client, name: string): Promise<NodeFacts> {
  const { rows } = await client.query<{ facts: Omit<NodeFacts, 'settings' | 'clock' | 'hba'> & RawSettings }>(
    FACTS,
  );
  const facts = rows[0]?.facts;
  if (facts === undefined) {
    throw new Error('the server answered no row');
  }
  const settings = new Map(Object.entries(facts.settings));
  return {
    ...facts,
    settings,
    systemIdentifier: await systemIdentifierOf(client),
    clock: await clockOf(client, name),
    hba: await hbaOf(client),
  };
}

interface RawSettings {
  readonly settings: Readonly<Record<string, string>>;
}

const CLOCK_SAMPLES = 5;

async function clockOf(client: pg.Client, name: string): Promise<ClockOffset | null> {
  const clock = new ClockOffsetEstimator(name);
  for (let sample = 0; sample < CLOCK_SAMPLES; sample++) {
    const askedMs = wallClockMs();
    const { rows } = await client.query<{ ms: number }>(
      'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms',
    );
    clock.add(askedMs, wallClockMs(), rows[0]?.ms ?? Number.NaN);
  }
  return clock.offset();
}

async function hbaOf(client: pg.Client): Promise<Answer<readonly HbaRule[]>> {
  try {
    const { rows } = await client.query<HbaRule>(
      `SELECT line_number AS line, coalesce(type, '') AS type, coalesce(database, '{}') AS databases,
              coalesce(user_name, '{}') AS users, address, netmask,
              auth_method AS method, error
         FROM pg_hba_file_rules ORDER BY line_number`,
    );
    return { value: rows };
  } catch (error) {
    return {
      unknown:
        codeOf(error) === INSUFFICIENT_PRIVILEGE ? 'pg_hba_file_rules is for superusers' : messageOf(error),
    };
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** One question for all that any role may read; CASE keeps functions of a primary from being called on a standby. */
const FACTS = `
WITH position AS (
  SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn
)
SELECT json_build_object(
  'standby', pg_is_in_recovery(),
  'version', current_setting('server_version_num')::int,
  'settings', (SELECT json_object_agg(name, current_setting(name, true)) FROM pg_settings),
  'connections', ${ROOM},
  'slots', (SELECT coalesce(json_agg(json_build_object(
      'name', slot_name, 'kind', slot_type, 'active', active, 'walStatus', wal_status,
      'retainedBytes', (position.lsn - restart_lsn)::float8)), '[]')
    FROM pg_replication_slots, position WHERE NOT temporary),
  'senders', (SELECT json_agg(json_build_object(
      'name', r.application_name, 'state', r.state, 'slotKind', s.slot_type))
    FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid),
  'archiver', (SELECT json_build_object('failed', failed_count, 'lastFailed', last_failed_wal,
      'failing', coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false))
    FROM pg_stat_archiver),
  'prepared', (SELECT count(*) FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - interval '1 minute'),
  'replayPaused', CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END
) AS facts`;
