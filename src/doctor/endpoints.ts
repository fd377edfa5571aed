import { connectionsLeft } from '../postgres/room.js';
import { given, known } from './answer.js';
import { note, refusal, warning } from './complaint.js';
import type { LiveCheck, LiveEvidence } from './evidence.js';
import type { Complaint } from './finding.js';
import { backendsOf, isUp, memberOf } from './haproxy-backends.js';
import { isAside, isLeader } from './patroni-members.js';
import type { EndpointLook } from './postgres-endpoint.js';
import type { LeftBehind } from './write-probe.js';

/** What the clients of the load meet behind the endpoints. */
export const ENDPOINT_CHECKS: readonly LiveCheck[] = [
  {
    id: 'connections',
    layer: 'postgres',
    about: 'each node has a connection left for each client, and so have the role and the database',
    look: (evidence) => connectionComplaints(evidence),
  },
  {
    id: 'load-not-read-only',
    layer: 'postgres',
    about: 'transactions of our user may write (default_transaction_read_only)',
    look: onRw(({ settings }) =>
      settings.get('default_transaction_read_only') === 'on'
        ? [
            refusal(
              'rw',
              'default_transaction_read_only is on for our user.',
              'Each write fails, as it does on a standby: errors of a failover could not be told from these.',
              'ALTER ROLE … RESET default_transaction_read_only, or of the database',
            ),
          ]
        : [],
    ),
  },
  {
    id: 'load-timeouts',
    layer: 'postgres',
    about: "no timeout of the server's ends statements or transactions of our user",
    look: onRw(({ settings }) =>
      TIMEOUTS.filter((setting) => (settings.get(setting) ?? '0') !== '0').map((setting) =>
        warning(
          'rw',
          `${setting} is ${settings.get(setting)} for our user.`,
          'A commit that waits for a standby and is cancelled is told as done, and exists on the leader alone.',
          `ALTER ROLE … SET ${setting} = 0; a run has --statement-timeout of its own`,
        ),
      ),
    ),
  },
  {
    id: 'little-logging',
    layer: 'postgres',
    about: 'the server does not log each statement of our user',
    look: onRw(({ settings }) =>
      [
        ['log_statement', 'all'],
        ['log_min_duration_statement', '0'],
        ['log_duration', 'on'],
        ['debug_assertions', 'on'],
      ]
        .filter(([setting = '', much]) => settings.get(setting) === much)
        .map(([setting = '', much]) =>
          warning(
            'rw',
            `${setting} is ${much} for our user.`,
            'The server spends its time on that: its figures are lower than those of the same server in earnest.',
            setting === 'debug_assertions'
              ? 'Use a build without assertions.'
              : `ALTER ROLE … RESET ${setting}`,
          ),
        ),
    ),
  },
  {
    id: 'pooler',
    layer: 'postgres',
    about: 'no pooler lends our sessions a server for one transaction only',
    look: onRw(({ pooler }) =>
      pooler === 'transaction'
        ? [
            warning(
              'rw',
              'A pooler in transaction mode stands before the server.',
              "Prepared statements are another session's there, unless the pooler knows them (PgBouncer from 1.21 on).",
              'run --protocol simple, or set max_prepared_statements in PgBouncer',
            ),
          ]
        : [],
    ),
  },
  {
    id: 'ro-is-standby',
    layer: 'postgres',
    about: 'the read-only endpoint leads to a standby of this cluster',
    look: (evidence) =>
      given(evidence.postgres.ro, (ro) => {
        const { postgres } = evidence;
        const shared = leaderAmongReaders(evidence);
        if (shared !== null) {
          return [
            note(
              'ro',
              `The read-only endpoint leads to the replicas, and to the leader ${shared}.`,
              'A part of the reads burdens the leader and stops with it; with one replica alone, reads go on without it.',
              'Ask for /replica in place of /read-only where there are replicas enough.',
            ),
          ];
        }
        if (!ro.standby) {
          return [
            warning(
              'ro',
              `The read-only endpoint leads to a primary${at(ro)}.`,
              'Reads burden the leader, and stop with it: what a run tells of replicas would be of the primary.',
              'Give the port of the replicas to --ro, or leave it out.',
            ),
          ];
        }
        const rw = known(postgres.rw)?.systemIdentifier ?? null;
        return rw === null || ro.systemIdentifier === null || rw === ro.systemIdentifier
          ? []
          : [
              refusal(
                'ro',
                `The read-only endpoint leads to another cluster${at(ro)}.`,
                'Reads would be of another database than the writes.',
                'Check --ro.',
              ),
            ];
      }),
  },
  {
    id: 'rw-is-leader',
    layer: 'postgres',
    about: 'the read-write endpoint leads to the leader of this cluster',
    look: ({ postgres, patroni }) => {
      const { rw } = postgres;
      if ('unknown' in rw) {
        return [unreachable(rw.unknown)];
      }
      if (rw.value.standby) {
        const why = 'Each write fails there.';
        const fix = "Give the address of the primary, or of the proxy's read-write port, to --rw.";
        return [refusal('rw', `The read-write endpoint leads to a standby${at(rw.value)}.`, why, fix)];
      }
      const members = 'value' in patroni ? patroni.value.members : [];
      const known = members.flatMap(({ self }) =>
        'value' in self ? (self.value.systemIdentifier ?? []) : [],
      );
      const own = rw.value.systemIdentifier;
      return own === null || known.length === 0 || known.includes(own)
        ? []
        : [
            refusal(
              'rw',
              `The read-write endpoint leads to another cluster than --patroni${at(rw.value)}.`,
              'Faults would hurt one cluster, and the load would be on the other.',
              'Check --rw and --patroni.',
            ),
          ];
    },
  },
  {
    id: 'sync-commit',
    layer: 'postgres',
    about: 'a commit of our user is acknowledged only when it is on disk (synchronous_commit)',
    look: onRw(({ settings }) => {
      const value = settings.get('synchronous_commit') ?? 'on';
      const waits = (settings.get('synchronous_standby_names') ?? '') !== '';
      // Without a synchronous standby there is nothing else that `on` would wait for.
      return value === 'off' || (value === 'local' && waits)
        ? [
            warning(
              'rw',
              `synchronous_commit is ${value} for our user.`,
              value === 'off'
                ? 'Commits are acknowledged before they are on disk: each crash loses some, and that is no fault of a failover.'
                : 'Commits do not wait for the standby that is there for them: a failover can lose them.',
              'ALTER ROLE … RESET synchronous_commit, or of the database, or in the configuration',
            ),
          ]
        : [];
    }),
  },
  {
    id: 'write-probe',
    layer: 'postgres',
    about: 'a row that is written can be read on each replica (only with --write-probe)',
    look: ({ writeProbe, patroni }) => {
      const aside = asideOf(patroni);
      return given(writeProbe, ({ ack, visible, left, wasInterrupted }) => [
        ...('unknown' in ack && !wasInterrupted ? [unacknowledged(ack.unknown)] : []),
        ...visible.flatMap(({ name, answer }) =>
          'value' in answer || wasInterrupted || aside.includes(name)
            ? []
            : [invisible(name, answer.unknown)],
        ),
        ...(left === null ? [] : [leftBehind(left)]),
      ]);
    },
  },
];

const TIMEOUTS = [
  'statement_timeout',
  'transaction_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
] as const;

/** The leader, where HAProxy sends readers to it and to others: whom a connection meets is chance. */
function leaderAmongReaders({ haproxy, patroni }: LiveEvidence): string | null {
  const proxy = known(haproxy);
  const members = ('value' in patroni ? known(patroni.value.cluster)?.members : null) ?? [];
  const lines = proxy === null ? null : known(proxy.stats);
  if (proxy === null || lines === null) {
    return null;
  }
  const readers = backendsOf(lines, members, proxy.paths).find(
    ({ side, endpoint }) => side === 'ro' && endpoint === 'ro',
  );
  const up = (readers?.servers ?? []).filter(isUp).flatMap((server) => memberOf(server, members) ?? []);
  return up.length > 1 ? (up.find(isLeader)?.name ?? null) : null;
}

function onRw(look: (rw: EndpointLook) => readonly Complaint[]): LiveCheck['look'] {
  return ({ postgres }) => given(postgres.rw, look);
}

/** Members that are meant to be behind, and that neither lead nor are read from. */
function asideOf(patroni: LiveEvidence['patroni']): readonly string[] {
  const members = ('value' in patroni ? known(patroni.value.cluster)?.members : null) ?? [];
  return members.filter(isAside).map(({ name }) => name);
}

function unacknowledged(reason: string): Complaint {
  return refusal(
    'rw',
    `A write through rw is not acknowledged: ${reason}.`,
    'Each client of the load would hang as this one did.',
    'See whether the leader waits for a synchronous standby that is away: wait_event in pg_stat_activity.',
  );
}

function invisible(name: string, reason: string): Complaint {
  return refusal(
    name,
    `What was written through rw could not be read on ${name}: ${reason}.`,
    'It does not replicate: whoever it is, it would lead with old data.',
    `See pg_stat_replication of the leader, and the log of ${name === 'ro' ? 'the replicas' : name}.`,
  );
}

function leftBehind({ table, reason }: LeftBehind): Complaint {
  return warning(
    'rw',
    `The table ${table} is left: it could not be dropped (${reason}).`,
    'It is ours, and nobody needs it.',
    `DROP TABLE IF EXISTS ${table}`,
  );
}

/** Who could not connect says what to do, in a sentence of its own. */
function unreachable(reason: string): Complaint {
  const [, found = `The read-write endpoint did not answer: ${reason}.`, fix = 'Check --rw, and the proxy.'] =
    /^([A-Z].*?\.) ([A-Z].*)$/.exec(reason) ?? [];
  return refusal('rw', found, 'No client can write.', fix);
}

function at({ address, port }: EndpointLook): string {
  return address === null ? '' : ` (${address}:${port})`;
}

/** Each node may have to serve all clients: after a failover, any of them does. */
function connectionComplaints({ clients, lookers, postgres }: LiveEvidence): readonly Complaint[] | string {
  const pooler = known(postgres.rw)?.pooler ?? 'none';
  if (pooler !== 'none') {
    return "a pooler stands before the server: its clients are not the server's connections";
  }
  const needed = clients + lookers.server;
  const asked = `${clients} clients and ${lookers.server} connections to look on`;
  const why = 'Clients that come back after a failover would find no place, and count as an outage.';
  const limits = given(postgres.rw, ({ roleLimit, databaseLimit }) =>
    (
      [
        ['role', roleLimit],
        ['database', databaseLimit],
      ] as const
    )
      .filter(([, limit]) => limit !== null && limit < needed)
      .map(([what, limit]) =>
        refusal(
          'rw',
          `Our ${what} may have ${limit} connections, for ${asked}.`,
          why,
          `ALTER ${what.toUpperCase()} … CONNECTION LIMIT -1`,
        ),
      ),
  );
  const nodes = postgres.nodes.flatMap(({ name, answer }) => {
    if ('unknown' in answer) {
      return [];
    }
    const { connections } = answer.value;
    const free = connectionsLeft(connections);
    const fix = `patronictl edit-config -p max_connections=${connections.max - free + needed}, then restart; or fewer --clients`;
    const found = `${name} has ${free} connections left (max_connections ${connections.max}), for ${asked}.`;
    return free >= needed ? [] : [refusal(name, found, why, fix)];
  });
  if (typeof limits === 'string') {
    return nodes.length > 0 ? nodes : limits;
  }
  return [...limits, ...nodes];
}
