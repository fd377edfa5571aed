import type { Complaint } from '../../finding.js';
import { type FileCheck, type FilesEvidence, groupBy, isOnNetwork, lookAt } from '../evidence.js';
import type { HaproxyConfigFile, HaproxyProxy } from '../haproxy-config.js';
import { type Located, place } from '../located.js';
import { isLoopback } from '../network-address.js';
import { parameter } from '../patroni-file.js';
import { postgresProxies } from '../proxy-role.js';

/** What HAProxy lets through, for how long, and what it shows of it. */
export const HAPROXY_LIMIT_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-haproxy-maxconn',
    layer: 'haproxy',
    about: 'HAProxy takes more clients than PostgreSQL does',
    look: lookAt(['haproxy'], (evidence) => evidence.haproxy.flatMap((file) => tooFew(file, evidence))),
  },
  {
    id: 'file-haproxy-timeouts',
    layer: 'haproxy',
    about: 'no timeout of HAProxy cuts a session that only waits, and none is missing',
    look: lookAt(['haproxy'], ({ haproxy, patroni }) =>
      haproxy.flatMap((file) => postgresProxies(file, patroni).flatMap((proxy) => timeouts(file, proxy))),
    ),
  },
  {
    id: 'file-haproxy-mode',
    layer: 'haproxy',
    about: "PostgreSQL's ports are in mode tcp",
    look: lookAt(['haproxy'], ({ haproxy, patroni }) => haproxy.flatMap((file) => notTcp(file, patroni))),
  },
  {
    id: 'file-haproxy-stats',
    layer: 'haproxy',
    about: "HAProxy's statistics can be read, and not by everybody",
    look: lookAt(['haproxy'], (evidence) => evidence.haproxy.flatMap((file) => statistics(file, evidence))),
  },
];

/** All clients share the global limit, those of reads and of the statistics, too, and those whose dead session is not gone yet. */
function tooFew(file: HaproxyConfigFile, { patroni }: FilesEvidence): readonly Complaint[] {
  const given = patroni.map((member) => Number(parameter(member, 'max_connections')?.value ?? 100));
  const connections = Math.max(100, ...given.filter(Number.isFinite));
  const low = (what: string, limit: Located<number> | undefined, least: number): readonly Complaint[] =>
    limit === undefined || limit.value === 0 || limit.value >= least
      ? []
      : [
          {
            severity: 'warn',
            subject: place(file, limit),
            found: `maxconn of ${what} is ${limit.value}, and PostgreSQL takes ${connections} connections.`,
            why: "Clients beyond it wait in HAProxy's queue, and their wait would be taken for PostgreSQL's latency.",
            fix: `Set maxconn ${Math.max(1000, 3 * connections)} globally; leave it out of defaults and servers.`,
          },
        ];
  const proxies = postgresProxies(file, patroni);
  return [
    ...low('global', file.globalMaxconn, connections + 1),
    // What defaults say is told once.
    ...[...groupBy(proxies, ({ maxconn }) => maxconn?.line.toString()).values()].flatMap((same) =>
      low(same.map(({ name }) => name).join(', '), same[0]?.maxconn, connections),
    ),
    ...proxies.flatMap((proxy) => [
      ...proxy.servers
        .slice(0, 1)
        .flatMap(({ words, line }) =>
          low(
            `the servers of ${proxy.name}`,
            words.has('maxconn') ? { value: Number(words.get('maxconn')), line } : undefined,
            connections,
          ),
        ),
    ]),
  ];
}

/** A transaction that waits for a lock or a sleep sends nothing. */
const LEAST_MS = 60_000;

function timeouts(file: HaproxyConfigFile, proxy: HaproxyProxy): readonly Complaint[] {
  const short = ['client', 'server'].flatMap((name): readonly Complaint[] => {
    const given = proxy.timeouts.get(name);
    return given === undefined || given.value >= LEAST_MS
      ? []
      : [
          {
            severity: 'warn',
            subject: place(file, given),
            found: `timeout ${name} of ${proxy.name} is ${given.value / 1000} s.`,
            why: 'HAProxy cuts a session that sends nothing for so long: a long statement, or a client that pauses, looks like a failure of the cluster.',
            fix: `Write 'timeout ${name} 30m'.`,
          },
        ];
  });
  const missing = ['connect', 'client', 'server'].filter(
    (name) => !proxy.timeouts.has(name) && (name !== 'client' || proxy.kind === 'listen'),
  );
  return missing.length === 0
    ? short
    : [
        ...short,
        {
          severity: 'warn',
          subject: place(file, proxy),
          found: `${proxy.name} has no timeout ${missing.join(', ')}.`,
          why: 'HAProxy warns of it at its start: a session with a host that is gone would stay for ever.',
          fix: "Write 'timeout connect 4s', 'timeout client 30m' and 'timeout server 30m' below defaults.",
        },
      ];
}

function notTcp(file: HaproxyConfigFile, patroni: FilesEvidence['patroni']): readonly Complaint[] {
  const backends = postgresProxies(file, patroni);
  const fronts = new Set(backends.flatMap(({ frontends }) => frontends));
  const own = [
    ...backends,
    ...file.proxies.filter(({ name, kind }) => kind === 'frontend' && fronts.has(name)),
  ];
  return own.flatMap(({ name, mode }) =>
    mode.value === 'tcp'
      ? []
      : [
          {
            severity: 'refuse' as const,
            subject: place(file, mode),
            found: `mode of ${name} is ${mode.value}.`,
            why: "HAProxy would take PostgreSQL's protocol for a broken request, and close every connection.",
            fix: "Write 'mode tcp'.",
          },
        ],
  );
}

function statistics(file: HaproxyConfigFile, evidence: FilesEvidence): readonly Complaint[] {
  const pages = file.proxies.filter(({ stats }) => stats !== null);
  if (pages.length === 0 && file.statsSocket === undefined) {
    return [
      {
        severity: 'warn',
        subject: file.path,
        found: 'It has neither a page of statistics nor a stats socket.',
        why: 'A run could not tell what part of an outage is due to HAProxy.',
        fix: "Add 'stats socket /run/haproxy/admin.sock mode 660 level admin' to global, or a 'listen' with 'stats enable'.",
      },
    ];
  }
  return pages.flatMap(({ stats, name, binds }): readonly Complaint[] =>
    stats === null ||
    stats.hasAuth ||
    !isOnNetwork(evidence) ||
    binds.every(({ value }) => isLoopback(value.host))
      ? []
      : [
          {
            severity: 'note',
            subject: place(file, stats),
            found: `The statistics of ${name} are for whoever asks.`,
            why: 'They tell all addresses of the cluster, and who is the leader.',
            fix: "Add 'stats auth USER:PASSWORD', or bind them to 127.0.0.1.",
          },
        ],
  );
}
