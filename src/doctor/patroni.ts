import { numberOf } from '../cluster/json.js';
import { each, firstUnknown, given } from './answer.js';
import type { LiveCheck } from './evidence.js';
import type { Complaint } from './finding.js';
import type { PatroniEvidence } from './patroni-evidence.js';
import { asked, type Look, onCluster, onMembers, onPatroni, type Self } from './patroni-look.js';
import {
  candidateComplaints,
  lagComplaints,
  leaderComplaints,
  loopbacks,
  replicaComplaints,
  silenceComplaints,
  twice,
} from './patroni-members.js';

/** Who leads, who follows, and whether Patroni is free to act. */
export const PATRONI_CHECKS: readonly LiveCheck[] = [
  {
    id: 'failover-candidate',
    layer: 'patroni',
    about: 'one replica at least may take over',
    look: onCluster((cluster, { config }) =>
      given(config, (settings) => candidateComplaints(cluster, settings)),
    ),
  },
  {
    id: 'failsafe-idle',
    layer: 'patroni',
    about: 'Patroni is in touch with etcd, and does not run in failsafe mode',
    look: onMembers((member, name) =>
      member.failsafeActive
        ? [
            {
              severity: 'refuse',
              subject: name,
              found: `${name} runs in failsafe mode: it cannot reach etcd.`,
              why: 'Nobody can be elected while etcd is out of reach, so a failover would not come to an end.',
              fix: "Look at etcd: 'etcdctl endpoint health --cluster'.",
            },
          ]
        : [],
    ),
  },
  {
    id: 'members-answer',
    layer: 'patroni',
    about: "each member's REST API answers from here",
    look: ({ patroni, hurt }) => given(patroni, (evidence) => silenceComplaints(evidence, hurt)),
  },
  {
    id: 'may-change',
    layer: 'patroni',
    about: 'Patroni lets us ask for a switchover (tried by taking back a restart that nobody scheduled)',
    look: onPatroni(({ refusal }) =>
      given(refusal, (reason) => {
        if (reason === null) {
          return [];
        }
        const [, found = reason, fix = ''] = /^(.*?\.) ((?:Give|Check|Add) .*)$/.exec(reason) ?? [];
        return [
          {
            severity: 'refuse',
            subject: null,
            found,
            why: 'Faults that Patroni does, a switchover for one, would be refused in the middle of the run.',
            fix,
          },
        ];
      }),
    ),
  },
  {
    id: 'no-scheduled-change',
    layer: 'patroni',
    about: 'no switchover and no restart is scheduled',
    look: onPatroni((patroni) => {
      const members = asked(patroni);
      const restarts = each(members, ({ scheduledRestart }, name) =>
        scheduledRestart
          ? [scheduled(name, `A restart of ${name} is scheduled`, `patronictl flush SCOPE ${name} restart`)]
          : [],
      );
      return given(patroni.cluster, ({ scheduledSwitchover }): Look => {
        const flush = 'patronictl flush SCOPE switchover';
        const switchovers = scheduledSwitchover ? [scheduled(null, 'A switchover is scheduled', flush)] : [];
        if (typeof restarts === 'string') {
          return scheduledSwitchover ? switchovers : restarts;
        }
        return [...switchovers, ...restarts];
      });
    }),
  },
  {
    id: 'not-paused',
    layer: 'patroni',
    about: 'Patroni is not paused',
    look: onCluster(({ pause }) =>
      pause
        ? [
            {
              severity: 'refuse',
              subject: null,
              found: 'The cluster is paused.',
              why: 'Patroni does not fail over while it is paused, so that an outage would last until somebody acts.',
              fix: 'patronictl resume',
            },
          ]
        : [],
    ),
  },
  {
    id: 'one-leader',
    layer: 'patroni',
    about: 'exactly one member leads, and its PostgreSQL is a primary that runs',
    look: onCluster((cluster, patroni) => leaderComplaints(cluster, patroni)),
  },
  {
    id: 'patroni-versions',
    layer: 'patroni',
    about: 'all members run the same Patroni and the same PostgreSQL',
    look: onPatroni((patroni) => [
      ...differing(patroni, 'Patroni', ({ version }) => version),
      ...differing(patroni, 'PostgreSQL', ({ serverVersion }) =>
        serverVersion === null ? null : `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`,
      ),
    ]),
  },
  {
    id: 'pending-restart',
    layer: 'patroni',
    about: 'no member waits for a restart',
    look: onMembers(({ pendingRestart }, name) =>
      pendingRestart
        ? [
            {
              severity: 'warn',
              subject: name,
              found: `${name} waits for a restart to take changed settings.`,
              why: 'It runs with other settings than the ones that are configured, until a failover restarts it.',
              fix: `patronictl restart SCOPE ${name}`,
            },
          ]
        : [],
    ),
  },
  {
    id: 'replica-lag',
    layer: 'patroni',
    about: 'no replica lags by more than maximum_lag_on_failover',
    look: onCluster((cluster, patroni) =>
      given(patroni.config, (settings) =>
        lagComplaints(cluster, patroni, numberOf(settings['maximum_lag_on_failover']) ?? 1_048_576),
      ),
    ),
  },
  {
    id: 'replicas-stream',
    layer: 'patroni',
    about: 'each replica runs, and streams on the timeline of the leader',
    look: onCluster((cluster, patroni) => replicaComplaints(cluster, patroni)),
  },
  {
    id: 'system-identifier',
    layer: 'patroni',
    about: 'all members are copies of the same database',
    look: onPatroni((patroni) => differingIdentifiers(patroni)),
  },
  {
    id: 'unique-addresses',
    layer: 'patroni',
    about: 'each member has a name and addresses of its own, which others can reach',
    look: onCluster(({ members }) => [
      ...twice(members, 'name', ({ name }) => name),
      ...twice(members, 'restapi.connect_address', ({ apiUrl }) => apiUrl),
      ...twice(members, 'postgresql.connect_address', ({ host, port }) => `${host}:${port}`),
      ...loopbacks(members),
    ]),
  },
  {
    id: 'watchdog-works',
    layer: 'patroni',
    about: 'a member that should hold a watchdog holds it',
    look: onMembers(({ watchdogFailed }, name) =>
      watchdogFailed
        ? [
            {
              severity: 'warn',
              subject: name,
              found: `${name} cannot activate its watchdog.`,
              why: 'A leader that hangs is not reset, so that it may go on committing beside the next one.',
              fix: `Give the user of Patroni access to the watchdog of ${name}, or set watchdog.mode to off.`,
            },
          ]
        : [],
    ),
  },
];

function scheduled(subject: string | null, what: string, fix: string): Complaint {
  return {
    severity: 'refuse',
    subject,
    found: `${what}.`,
    why: 'If it came during the run, its outage would be taken for that of a fault.',
    fix,
  };
}

function differing(
  patroni: PatroniEvidence,
  what: string,
  read: (member: Self) => string | null,
): readonly Complaint[] {
  const seen = patroni.members.flatMap(({ name, self }) => {
    const version = 'value' in self ? read(self.value) : null;
    return version === null ? [] : [`${name} ${version}`];
  });
  const versions = new Set(seen.map((each) => each.split(' ').at(-1)));
  return versions.size < 2
    ? []
    : [
        {
          severity: 'warn',
          subject: null,
          found: `The members run different versions of ${what}: ${seen.join(', ')}.`,
          why: 'Rounds with different leaders measure different software.',
          fix: `Bring all members to the same version of ${what}.`,
        },
      ];
}

function differingIdentifiers(patroni: PatroniEvidence): Look {
  const seen = patroni.members.flatMap(({ name, self }) =>
    'value' in self && self.value.systemIdentifier !== null
      ? [{ name, id: self.value.systemIdentifier }]
      : [],
  );
  if (new Set(seen.map(({ id }) => id)).size < 2) {
    return firstUnknown(asked(patroni)) ?? [];
  }
  return [
    {
      severity: 'refuse',
      subject: null,
      found: `The members have different system identifiers: ${seen.map(({ name, id }) => `${name} ${id}`).join(', ')}.`,
      why: 'They are not copies of one database: whoever takes over has other data.',
      fix: "Take the wrong one out of the cluster and make it anew: 'patronictl reinit'.",
    },
  ];
}
