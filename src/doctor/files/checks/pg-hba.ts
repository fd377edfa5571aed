import type { Complaint } from '../../finding.js';
import { hbaAnswer, type Visitor } from '../../hba.js';
import { type FileCheck, type FilesEvidence, lookAt } from '../evidence.js';
import { place } from '../located.js';
import { isAny, isLoopback } from '../network-address.js';
import { memberName, type PatroniFile, userOf } from '../patroni-file.js';
import type { HbaRecord } from '../pg-hba.js';
import { postgresProxies } from '../proxy-role.js';

/** Who is let in: pg_hba in patroni.yml. */
export const PG_HBA_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-hba-lines',
    layer: 'postgres',
    about: 'PostgreSQL takes each line of pg_hba',
    look: lookAt(['patroni'], ({ patroni }) =>
      patroni.flatMap((file) =>
        (file.hba?.wrong ?? []).map((wrong) => ({
          severity: 'refuse',
          subject: place(file, wrong),
          found: `A line of pg_hba is none: ${wrong.value}.`,
          why: 'PostgreSQL does not start with such a pg_hba.conf, and does not load it while it runs.',
          fix: 'Write TYPE DATABASE USER ADDRESS METHOD; a line of type local has no address.',
        })),
      ),
    ),
  },
  {
    id: 'file-hba-local',
    layer: 'postgres',
    about: 'pg_hba lets psql and Patroni in through the socket',
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(noLocalLine)),
  },
  {
    id: 'file-hba-own',
    layer: 'postgres',
    about: "pg_hba lets Patroni in from the member's own address",
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(patroniShutOut)),
  },
  {
    id: 'file-hba-replication',
    layer: 'postgres',
    about: "pg_hba lets the replication user in from each member's address",
    look: lookAt(['patroni'], (evidence) =>
      evidence.patroni.flatMap((file) => noReplication(file, evidence)),
    ),
  },
  {
    id: 'file-hba-rewind',
    layer: 'postgres',
    about: "pg_hba lets the user of pg_rewind in from each member's address",
    look: lookAt(['patroni'], (evidence) => evidence.patroni.flatMap((file) => noRewind(file, evidence))),
  },
  {
    id: 'file-hba-application',
    layer: 'postgres',
    about: "pg_hba lets the application in from HAProxy's address",
    look: lookAt(['patroni'], (evidence) =>
      evidence.patroni.flatMap((file) => noApplication(file, evidence)),
    ),
  },
];

/** Patroni's list for each start replaces the whole file; that of bootstrap stands behind initdb's own local lines. */
function noLocalLine(file: PatroniFile): readonly Complaint[] {
  const { hba } = file;
  if (hba === null || hba.source === 'bootstrap' || isElsewhere(file)) {
    return [];
  }
  const superuser = userOf(file, 'superuser');
  if (hbaAnswer(hba.records, { database: 'postgres', user: superuser, address: null }) === 'in') {
    return [];
  }
  const needed = /^(true|yes|on)$/i.test(file.yaml.text('postgresql', 'use_unix_socket')?.value ?? '');
  return [
    {
      severity: needed ? 'refuse' : 'warn',
      subject: place(file, hba),
      found: `pg_hba has no local line for ${superuser}.`,
      why: needed
        ? 'Patroni connects through the socket here, and would take PostgreSQL for dead.'
        : 'psql on the host is turned away, and so is every tool that connects through the socket.',
      fix: "Add '- local all all peer' (or scram-sha-256) to pg_hba.",
    },
  ];
}

function noReplication(file: PatroniFile, { patroni }: FilesEvidence): readonly Complaint[] {
  const user = userOf(file, 'replication');
  const records = recordsOf(file);
  if (records === null) {
    return [];
  }
  const others = patroni.filter((member) => member !== file);
  const shut = shutOut(records, others, patroni, { database: 'replication', user });
  const found =
    others.length === 0 && !isLab([file]) && !records.some((record) => isForReplication(record, user))
      ? 'from all other hosts'
      : shut.map((member) => `from ${memberName(member)}, ${member.postgres.connect?.value.host}`).join(', ');
  const [first] = shut;
  return found === ''
    ? []
    : [
        {
          severity: 'refuse',
          subject: place(file, file.hba),
          found: `pg_hba of ${memberName(file)} turns ${user} away for replication ${found}.`,
          why: 'With this member as the leader these could not stream from it, and a failover to it would leave it alone.',
          fix: `Add '- host replication ${user} ${first?.postgres.connect?.value.host ?? 'ADDRESS'}/32 scram-sha-256', one for each member.`,
        },
      ];
}

/** pg_rewind on a former leader, and Patroni's look at the leader before it, are of the rewind user, else the superuser. */
function noRewind(file: PatroniFile, { patroni }: FilesEvidence): readonly Complaint[] {
  const records = recordsOf(file);
  const isGiven = file.yaml.find('postgresql', 'authentication', 'rewind') !== undefined;
  const user = userOf(file, isGiven ? 'rewind' : 'superuser');
  const isOn = ['bootstrap.dcs.postgresql', 'postgresql'].some((section) =>
    /^(true|yes|on)$/i.test(file.yaml.text(...section.split('.'), 'use_pg_rewind')?.value ?? ''),
  );
  if (records === null || !isOn) {
    return [];
  }
  const others = patroni.filter((member) => member !== file);
  const shut = shutOut(records, others, patroni, { database: 'postgres', user });
  const [first] = shut;
  return first === undefined
    ? []
    : [
        {
          severity: 'warn',
          subject: place(file, file.hba),
          found: `pg_hba of ${memberName(file)} turns ${user} away from ${shut.map((member) => `${memberName(member)}, ${member.postgres.connect?.value.host}`).join(', ')}.`,
          why: 'A former leader has to reach the new one as this user to rewind, and would stay out.',
          fix: `Add '- host all ${user} ${first.postgres.connect?.value.host}/32 scram-sha-256', one for each member.`,
        },
      ];
}

/** The members whose address is known and turned away. */
function shutOut(
  records: readonly HbaRecord[],
  members: readonly PatroniFile[],
  patroni: readonly PatroniFile[],
  visitor: Omit<Visitor, 'address'>,
): readonly PatroniFile[] {
  return members.filter(({ postgres }) => {
    const host = postgres.connect?.value.host;
    const isKnown = host !== undefined && !isAny(host) && (!isLoopback(host) || isLab(patroni));
    return isKnown && hbaAnswer(records, { ...visitor, address: host }) === 'out';
  });
}

function isForReplication({ databases, users, address, method }: HbaRecord, user: string): boolean {
  return (
    databases.includes('replication') &&
    users.some((name) => name === 'all' || name === user) &&
    address !== null &&
    !isLoopback(address.split('/')[0] ?? '') &&
    method !== 'reject'
  );
}

/** Patroni asks its own server through TCP unless told to use the socket, for replication, too: to see its own timeline. */
function patroniShutOut(file: PatroniFile): readonly Complaint[] {
  const records = recordsOf(file);
  const { listen } = file.postgres;
  if (records === null || file.hba === null || file.hba.source === 'bootstrap' || listen === undefined) {
    return [];
  }
  const isOn = (name: string) => /^(true|yes|on)$/i.test(file.yaml.text('postgresql', name)?.value ?? '');
  const { hosts } = listen.value;
  const own = hosts.some((host) => isAny(host) || ['localhost', '127.0.0.1'].includes(host))
    ? '127.0.0.1'
    : (hosts[0] ?? '127.0.0.1');
  const ways = [
    { role: 'superuser', database: 'postgres', address: isOn('use_unix_socket') ? null : own },
    { role: 'replication', database: 'replication', address: isOn('use_unix_socket_repl') ? null : own },
  ] as const;
  return ways.flatMap(({ role, database, address }): readonly Complaint[] => {
    const user = userOf(file, role);
    // The socket of the superuser is what the check of local lines is about.
    const isAsked = address !== null || role === 'replication';
    if (!isAsked || hbaAnswer(records, { database, user, address }) !== 'out') {
      return [];
    }
    const line =
      address === null
        ? `local ${database} ${user}`
        : `host ${role === 'replication' ? database : 'all'} ${user} ${address}/32`;
    return [
      {
        severity: role === 'superuser' ? 'refuse' : 'warn',
        subject: place(file, file.hba),
        found: `pg_hba of ${memberName(file)} turns ${user} away from ${address ?? 'the socket'}${role === 'replication' ? ' for replication' : ''}.`,
        why:
          role === 'superuser'
            ? 'Patroni asks its own server from there, and would take it for dead.'
            : 'Patroni asks its own server from there for its timeline, without which a former leader may not see that it has to rewind.',
        fix: `Add '- ${line} scram-sha-256' to pg_hba.`,
      },
    ];
  });
}

/** A cluster on loopback addresses, of one machine. */
function isLab(patroni: readonly PatroniFile[]): boolean {
  return patroni.every(({ postgres }) => isLoopback(postgres.connect?.value.host ?? ''));
}

function noApplication(file: PatroniFile, { haproxy, patroni }: FilesEvidence): readonly Complaint[] {
  const records = recordsOf(file);
  if (records === null) {
    return [];
  }
  const known = haproxy.flatMap((each) =>
    postgresProxies(each, patroni).flatMap(({ binds }) => binds.map(({ value }) => value.host)),
  );
  const sources = [...new Set(known)].filter((host) => !isAny(host) && !isLoopback(host));
  const application = records.filter((record) => isForApplication(record, file));
  const user = application
    .flatMap(({ users }) => users)
    .find((each) => !['all', ...ownUsers(file)].includes(each));
  const asks = { database: 'postgres', user: user ?? 'app' };
  const shut = sources.filter(
    (address) => answerForAny(application, records, { ...asks, address }) === 'out',
  );
  const fromAnywhere = application.some(
    ({ address, method }) =>
      method !== 'reject' && address !== null && !isLoopback(address.split('/')[0] ?? ''),
  );
  if (sources.length === 0 ? fromAnywhere || isLab([file]) : shut.length === 0) {
    return [];
  }
  const from = sources.length === 0 ? 'any other host' : `HAProxy's address ${shut.join(', ')}`;
  return [
    {
      severity: 'refuse',
      subject: place(file, file.hba),
      found: `pg_hba of ${memberName(file)} has no line for applications from ${from}.`,
      why: 'PostgreSQL sees HAProxy as the client: every connection through it would be turned away.',
      fix: `Add '- host all all ${shut[0] === undefined ? 'NETWORK' : `${shut[0]}/32`} scram-sha-256' to pg_hba.`,
    },
  ];
}

/** A line may be for one database: whichever it is, it will do. */
function answerForAny(
  application: readonly HbaRecord[],
  records: readonly HbaRecord[],
  visitor: { readonly user: string; readonly address: string },
): 'in' | 'out' | 'unknown' {
  const databases = new Set(
    application.flatMap((record) => record.databases).map((name) => (name === 'all' ? 'postgres' : name)),
  );
  const answers = [...databases].map((database) => hbaAnswer(records, { ...visitor, database }));
  return answers.find((answer) => answer !== 'out') ?? 'out';
}

function isForApplication(record: HbaRecord, file: PatroniFile): boolean {
  const own = ownUsers(file);
  return (
    record.type !== 'local' &&
    record.databases.some((name) => name !== 'replication') &&
    record.users.some((name) => !own.includes(name))
  );
}

const ownUsers = (file: PatroniFile) =>
  (['superuser', 'replication', 'rewind'] as const).map((role) => userOf(file, role));

/** Null where PostgreSQL goes by another file. */
function recordsOf(file: PatroniFile): readonly HbaRecord[] | null {
  return isElsewhere(file) ? null : (file.hba?.records ?? []);
}

function isElsewhere({ yaml }: PatroniFile): boolean {
  return ['bootstrap.dcs.postgresql', 'postgresql'].some(
    (section) => yaml.find(...section.split('.'), 'parameters', 'hba_file') !== undefined,
  );
}
