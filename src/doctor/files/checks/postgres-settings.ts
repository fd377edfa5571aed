import type { Complaint } from '../../finding.js';
import { type FileCheck, lookAt } from '../evidence.js';
import { type Located, place } from '../located.js';
import { memberName, type PatroniFile, parameter, SHARED_PARAMETERS } from '../patroni-file.js';

/** Settings of PostgreSQL in patroni.yml. */
export const POSTGRES_SETTING_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-wal-settings',
    layer: 'postgres',
    about: 'wal_level, max_wal_senders and max_replication_slots do for all members',
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap((file) => walSettings(file, patroni.length))),
  },
  {
    id: 'file-shared-settings',
    layer: 'postgres',
    about: 'what all members must have alike does not stand in the part of one',
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(ignoredSettings)),
  },
  {
    id: 'file-durability',
    layer: 'postgres',
    about: 'what is committed is written: fsync, full_page_writes, synchronous_commit',
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(durability)),
  },
  {
    id: 'file-rewind',
    layer: 'postgres',
    about: 'a former leader comes back by pg_rewind',
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(noRewind)),
  },
  {
    id: 'file-socket-directory',
    layer: 'postgres',
    about: "PostgreSQL's socket is where psql looks for it",
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(socketDirectory)),
  },
];

function walSettings(file: PatroniFile, members: number): readonly Complaint[] {
  const complaints: Complaint[] = [];
  const level = parameter(file, 'wal_level');
  if (level !== undefined && !/^(hot_standby|replica|logical)$/i.test(level.value)) {
    complaints.push({
      severity: 'warn',
      subject: place(file, level),
      found: `wal_level is ${level.value}.`,
      why: 'No replica can stream with it; Patroni leaves it out and takes replica, so that the file says what does not hold.',
      fix: 'Set wal_level: replica in bootstrap.dcs.postgresql.parameters.',
    });
  }
  for (const name of ['max_wal_senders', 'max_replication_slots']) {
    const given = parameter(file, name);
    // One for each other member, one for a copy that is being made, one to look in.
    const needed = Math.max(members, 3) + 2;
    if (given !== undefined && Number(given.value) < needed) {
      complaints.push({
        severity: 'warn',
        subject: place(file, given),
        found: `${name} is ${given.value}, and there are ${Math.max(members, 3)} members.`,
        why: 'A member that comes back and finds none free cannot stream, and is no candidate for the next failover.',
        fix: `Set ${name}: ${Math.max(10, needed)} in bootstrap.dcs.postgresql.parameters.`,
      });
    }
  }
  return complaints;
}

/** patroni/config.py takes these from the cluster's settings, never from a member's. */
function ignoredSettings(file: PatroniFile): readonly Complaint[] {
  return SHARED_PARAMETERS.flatMap((name) => {
    const own = file.yaml.text('postgresql', 'parameters', name);
    const shared = file.yaml.text('bootstrap', 'dcs', 'postgresql', 'parameters', name);
    return own === undefined || own.value === shared?.value
      ? []
      : [
          {
            severity: 'warn' as const,
            subject: place(file, own),
            found: `postgresql.parameters has ${name} ${own.value}, and bootstrap.dcs ${shared === undefined ? 'none' : shared.value}.`,
            why: `Patroni takes ${name} from what all members share alone: ${own.value} will not hold.`,
            fix: `Set it in bootstrap.dcs.postgresql.parameters; on a running cluster with 'patronictl edit-config'.`,
          },
        ];
  });
}

const DURABLE = [
  ['fsync', /^(off|false|no|0)$/i, 'a crash may leave data that cannot be read'],
  ['full_page_writes', /^(off|false|no|0)$/i, 'a crash may leave torn pages'],
  ['synchronous_commit', /^(off|local|false|no|0)$/i, 'commits that were acknowledged may be lost'],
] as const;

function durability(file: PatroniFile): readonly Complaint[] {
  return DURABLE.flatMap(([name, isWeak, consequence]): readonly Complaint[] => {
    const given: Located<string> | undefined = parameter(file, name);
    if (given === undefined || !isWeak.test(given.value)) {
      return [];
    }
    const isSynchronous = /^(true|yes|on|quorum)$/i.test(
      file.yaml.text('bootstrap', 'dcs', 'synchronous_mode')?.value ?? '',
    );
    // Without synchronous replicas, local is what `on` means.
    return name === 'synchronous_commit' && given.value === 'local' && !isSynchronous
      ? []
      : [
          {
            severity: 'warn',
            subject: place(file, given),
            found: `${name} is ${given.value}.`,
            why: `Throughput is higher than with safe settings, and ${consequence}: what a run says of loss is then the setting's.`,
            fix: `Set ${name}: on, or take the line out.`,
          },
        ];
  });
}

/** wal_log_hints, which pg_rewind needs without checksums, is always on: Patroni starts PostgreSQL with it. */
function noRewind(file: PatroniFile): readonly Complaint[] {
  const given =
    file.yaml.text('postgresql', 'use_pg_rewind') ??
    file.yaml.text('bootstrap', 'dcs', 'postgresql', 'use_pg_rewind');
  const isOn = /^(true|yes|on)$/i.test(given?.value ?? '');
  return isOn
    ? []
    : [
        {
          severity: 'warn',
          subject: place(file, given ?? file.yaml.find('bootstrap', 'dcs')),
          found: `use_pg_rewind is ${given === undefined ? 'not set' : given.value}.`,
          why: `After a failover ${memberName(file)} as the former leader cannot follow the new one: it stays out until it is copied anew.`,
          fix: 'Set use_pg_rewind: true in bootstrap.dcs.postgresql.',
        },
      ];
}

const LOOKED_IN = ['/var/run/postgresql', '/run/postgresql'];

function socketDirectory(file: PatroniFile): readonly Complaint[] {
  const given = parameter(file, 'unix_socket_directories');
  const directories = given?.value.split(',').map((path) => path.trim().replace(/\/$/, ''));
  // Without it PostgreSQL has its own, which is that of the psql it came with.
  const isPackaged = /^\/usr\/(lib\/postgresql|pgsql)/.test(
    file.yaml.text('postgresql', 'bin_dir')?.value ?? '',
  );
  const looked = isPackaged ? LOOKED_IN : [...LOOKED_IN, '/tmp'];
  return directories === undefined || directories.some((path) => looked.includes(path))
    ? []
    : [
        {
          severity: 'note',
          subject: place(file, given),
          found: `unix_socket_directories is '${given?.value}'.`,
          why: 'psql without -h looks in /var/run/postgresql (Debian, Red Hat) or /tmp, and says that no server runs.',
          fix: "Set unix_socket_directories: '/var/run/postgresql', which postgres must be able to write to.",
        },
      ];
}
