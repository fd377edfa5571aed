import { PATRONI_MINIMUMS } from '../../../cluster/patroni-minimums.js';
import type { Complaint } from '../../finding.js';
import { etcdName, etcdTiming } from '../etcd-file.js';
import { compareAll, type FileCheck, lookAt } from '../evidence.js';
import { place } from '../located.js';
import { memberName, type PatroniFile } from '../patroni-file.js';

/** ttl, loop_wait and retry_timeout. */
export const PATRONI_TIMING_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-lease-rule',
    layer: 'patroni',
    about: 'loop_wait + 2 × retry_timeout fits into ttl',
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(leaseRule)),
  },
  {
    id: 'file-timing-minimums',
    layer: 'patroni',
    about: 'ttl, loop_wait and retry_timeout are not below what Patroni 3.2 and later take',
    look: lookAt(['patroni'], ({ patroni }) => patroni.flatMap(minimums)),
  },
  {
    id: 'file-same-dcs',
    layer: 'patroni',
    about: 'bootstrap.dcs says the same in all patroni.yml',
    look: compareAll('patroni', ({ patroni }) => {
      const texts = new Set(patroni.map(({ yaml }) => sorted(yaml.find('bootstrap', 'dcs')?.value)));
      return texts.size < 2
        ? []
        : [
            {
              severity: 'warn',
              subject: patroni.map((file) => place(file, file.yaml.find('bootstrap', 'dcs'))).join(', '),
              found: 'bootstrap.dcs differs between the files.',
              why: 'Only what the member says that makes the cluster holds, and which one that is, is chance.',
              fix: 'Make bootstrap.dcs the same in all files.',
            },
          ];
    }),
  },
  {
    id: 'file-etcd-election',
    layer: 'etcd',
    about: "etcd's election timeout: five heartbeats at least, the same everywhere, and small against ttl",
    look: lookAt(['etcd'], ({ etcd, patroni }) => {
      const timings = etcd.map((file) => ({ file, ...etcdTiming(file) }));
      return [
        ...timings.flatMap(({ file, heartbeatMs, electionMs }): readonly Complaint[] =>
          electionMs >= 5 * heartbeatMs
            ? []
            : [
                {
                  severity: 'refuse',
                  subject: electionPlace(file),
                  found: `election-timeout is ${electionMs} ms and heartbeat-interval ${heartbeatMs} ms.`,
                  why: 'etcd does not start with less than five heartbeats to an election.',
                  fix: `Set ETCD_ELECTION_TIMEOUT=${Math.max(1000, 10 * heartbeatMs)} on all members.`,
                },
              ],
        ),
        ...differing(timings),
        ...againstTtl(Math.max(...timings.map(({ electionMs }) => electionMs)), patroni),
      ];
    }),
  },
];

function leaseRule(file: PatroniFile): readonly Complaint[] {
  const { ttl, loopWait, retryTimeout } = file.timing;
  const needed = loopWait.value + 2 * retryTimeout.value;
  return needed <= ttl.value
    ? []
    : [
        {
          severity: 'warn',
          subject: place(file, ttl),
          found: `ttl is ${ttl.value} and loop_wait + 2 × retry_timeout is ${needed}.`,
          why: 'The lease may run out while the leader still tries to renew it: a failover without a fault, or two primaries for a while.',
          fix: `Set ttl: ${needed}, or make loop_wait and retry_timeout shorter.`,
        },
      ];
}

function minimums(file: PatroniFile): readonly Complaint[] {
  const { ttl, loopWait, retryTimeout } = file.timing;
  const given = { ttl, loop_wait: loopWait, retry_timeout: retryTimeout };
  return PATRONI_MINIMUMS.flatMap(([name, least]) =>
    given[name].value >= least
      ? []
      : [
          {
            severity: 'warn' as const,
            subject: place(file, given[name]),
            found: `${name} is ${given[name].value}.`,
            why: `Patroni from 3.2 on takes ${least} instead: the downtime would not be what the file seems to promise.`,
            fix: `Set ${name}: ${least} or more.`,
          },
        ],
  );
}

type EtcdTimings = readonly {
  readonly file: Parameters<typeof etcdName>[0];
  readonly heartbeatMs: number;
  readonly electionMs: number;
}[];

function differing(timings: EtcdTimings): readonly Complaint[] {
  const said = timings.map(({ file, electionMs }) => `${etcdName(file)} ${electionMs} ms`);
  return new Set(timings.map(({ electionMs }) => electionMs)).size < 2
    ? []
    : [
        {
          severity: 'warn',
          subject: timings.map(({ file }) => electionPlace(file)).join(', '),
          found: `election-timeout differs between members: ${said.join(', ')}.`,
          why: 'The member with the shortest one asks for elections that nobody needs, and each costs writes.',
          fix: 'Set the same ETCD_ELECTION_TIMEOUT on all members.',
        },
      ];
}

/** etcd raises a lease to 1.5 election timeouts, and lengthens all leases by one when it has a new leader. */
function againstTtl(electionMs: number, patroni: readonly PatroniFile[]): readonly Complaint[] {
  const [file] = patroni;
  if (file === undefined || 1.5 * electionMs <= file.timing.ttl.value * 1000) {
    return [];
  }
  return [
    {
      severity: 'warn',
      subject: place(file, file.timing.ttl),
      found: `ttl of ${memberName(file)} is ${file.timing.ttl.value} s and the election timeout of etcd ${electionMs / 1000} s.`,
      why: 'etcd grants no lease below 1.5 election timeouts: a dead leader keeps its key for longer than ttl says.',
      fix: 'Set ETCD_ELECTION_TIMEOUT=1000 on all members, or raise ttl.',
    },
  ];
}

function electionPlace(file: EtcdTimings[number]['file']): string {
  return place(file, file.settings.get('election-timeout') ?? file.settings.get('heartbeat-interval'));
}

/** The same text for the same settings, in whatever order they stand. */
function sorted(value: unknown): string {
  return JSON.stringify(value ?? null, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
