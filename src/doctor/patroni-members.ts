import type { ClusterMember, PatroniCluster } from '../cluster/patroni.js';
import { type Asked, each, given, known } from './answer.js';
import type { Complaint } from './finding.js';
import type { PatroniEvidence } from './patroni-evidence.js';
import type { Look, Self } from './patroni-look.js';

export function isLeader({ role }: ClusterMember): boolean {
  return role === 'leader' || role === 'standby_leader';
}

/** By its tags. */
export function mustNotLead(tags: ClusterMember['tags']): boolean {
  return tags['nofailover'] === true || tags['failover_priority'] === 0;
}

/** It neither leads nor is read from, so that it may be as far behind as whoever tagged it wants. */
export function isAside({ tags }: Pick<ClusterMember, 'tags'>): boolean {
  return mustNotLead(tags) && tags['noloadbalance'] === true;
}

export function leaderComplaints({ members }: PatroniCluster, patroni: PatroniEvidence): Look {
  const complaint = (subject: string | null, found: string, fix: string): readonly Complaint[] => [
    {
      severity: 'refuse',
      subject,
      found,
      why: 'Writes fail, and a run would measure an outage that it did not cause.',
      fix,
    },
  ];
  const leaders = members.filter(isLeader);
  const [leader] = leaders;
  if (leader === undefined || leaders.length > 1) {
    const names = leaders.map(({ name }) => name).join(' and ');
    const found = leader === undefined ? 'Nobody holds the leader key.' : `${names} lead at the same time.`;
    return complaint(null, found, "'patronictl list' and the logs of Patroni say why.");
  }
  const self = patroni.members.find(({ name }) => name === leader.name)?.self ?? {
    unknown: 'it was not asked',
  };
  return given(self, ({ role, state }) => {
    if (leader.role === 'leader' && role !== 'primary') {
      const found = `${leader.name} holds the leader key, and its PostgreSQL is ${role}.`;
      return complaint(leader.name, found, `See the log of PostgreSQL of ${leader.name}.`);
    }
    if (state !== 'running') {
      const found = `PostgreSQL of the leader ${leader.name} is ${state}.`;
      return complaint(leader.name, found, `See the log of PostgreSQL of ${leader.name}.`);
    }
    return [];
  });
}

export function replicaComplaints({ members }: PatroniCluster, patroni: PatroniEvidence): Look {
  const leader = members.find(isLeader);
  const self = patroni.members.find(({ name }) => name === leader?.name)?.self ?? {
    unknown: 'there is no leader',
  };
  const selves = new Map(patroni.members.map(({ name, self: own }) => [name, known(own)]));
  return given(self, ({ replication, timeline }) => {
    const streaming = new Set(
      replication.filter(({ state }) => state === 'streaming').map(({ applicationName }) => applicationName),
    );
    return members
      .filter((member) => member !== leader)
      .flatMap((member): readonly Complaint[] => {
        const flaw = flawOf(asItSays(member, selves.get(member.name) ?? null), streaming, timeline);
        return flaw === null
          ? []
          : [
              {
                severity: 'refuse',
                subject: member.name,
                found: flaw,
                why: 'It cannot take over, and what it has not received would be lost if it did.',
                fix: `Start it, or 'patronictl reinit SCOPE ${member.name}' if it cannot follow any more.`,
              },
            ];
      });
  });
}

/** What /cluster tells of a member is as old as its last loop; it knows its own state and timeline at once. */
function asItSays(member: ClusterMember, self: Self | null): ClusterMember {
  if (self === null) {
    return member;
  }
  const { state, timeline, replicationState } = self;
  const isStreaming = state === 'running' && replicationState === 'streaming';
  return { ...member, state: isStreaming ? 'streaming' : state, timeline: timeline ?? member.timeline };
}

/**
 * Where the leader was, against what a replica had received or replayed when it was asked after that. The lag in /cluster
 * compares what the members have published, at times of their own: a loop of Patroni apart, under load.
 */
export function lagComplaints({ members }: PatroniCluster, patroni: PatroniEvidence, limit: number): Look {
  const nodeOf = (name: string | undefined) => patroni.members.find((node) => node.name === name);
  const leader = nodeOf(members.find(isLeader)?.name)?.self ?? { unknown: 'there is no leader' };
  return given(leader, ({ walLocation, receivedLocation }) => {
    // The leader of a standby cluster receives, too.
    const written = walLocation ?? receivedLocation;
    if (written === null) {
      return 'the leader does not tell where it is';
    }
    const replicas = members.filter((member) => !isLeader(member));
    const asked = replicas.map(({ name }): Asked<number> => {
      const reached = nodeOf(name)?.reachedLater ?? null;
      return {
        name,
        answer: reached === null ? { unknown: 'it does not tell where it is' } : { value: reached },
      };
    });
    return each(asked, (reached, name): readonly Complaint[] =>
      written - reached <= limit || isAsideByName(members, name)
        ? []
        : [
            {
              severity: 'refuse',
              subject: name,
              found: `${name} lags by ${written - reached} bytes, and maximum_lag_on_failover is ${limit}.`,
              why: 'It may not take over, and what it has not replayed would be lost if it did.',
              fix: `Let ${name} catch up, or see why it does not: its log, its disk, its network.`,
            },
          ],
    );
  });
}

function isAsideByName(members: readonly ClusterMember[], name: string): boolean {
  return members.some((member) => member.name === name && isAside(member));
}

/** The leader, those that a fault is meant for, and one member at least must be within reach of this machine. */
export function silenceComplaints(patroni: PatroniEvidence, hurt: readonly string[]): readonly Complaint[] {
  const { members } = patroni;
  const listed = known(patroni.cluster)?.members ?? [];
  const leader = listed.find(isLeader)?.name;
  const isMute = members.every(({ self }) => 'unknown' in self);
  return members.flatMap(({ name, apiUrl, self }) => {
    if ('value' in self) {
      return [];
    }
    const isNeeded = isMute || name === leader || hurt.includes(name);
    return [
      {
        severity: isNeeded ? ('refuse' as const) : ('warn' as const),
        subject: name,
        found: `${name === apiUrl ? 'A member' : name} does not answer at ${apiUrl} (${self.unknown}).`,
        why: 'It cannot be watched, and others that ask it during a failover wait for it 2 s.',
        fix: `Start Patroni of ${name}, or let this machine reach its REST API.`,
      },
    ];
  });
}

/** A cascading replica streams from another member; Patroni from 3.0.4 on says `streaming` itself. */
function flawOf(
  { name, state, timeline, tags }: ClusterMember,
  streaming: ReadonlySet<string>,
  leaderTimeline: number | null,
): string | null {
  const cascades = typeof tags['replicatefrom'] === 'string';
  if (
    tags['nostream'] !== true &&
    state !== 'streaming' &&
    !(state === 'running' && (streaming.has(name) || cascades))
  ) {
    return `${name} does not stream: it is ${state}.`;
  }
  if (timeline !== null && leaderTimeline !== null && timeline !== leaderTimeline) {
    return `${name} is on timeline ${timeline}, and the leader on ${leaderTimeline}.`;
  }
  return null;
}

export function candidateComplaints(
  { members }: PatroniCluster,
  config: Readonly<Record<string, unknown>>,
): readonly Complaint[] {
  const replicas = members.filter((member) => !isLeader(member));
  const barred = replicas.flatMap(({ name, role, tags }) => {
    if (mustNotLead(tags)) {
      return [`${name} has the tag ${tags['nofailover'] === true ? 'nofailover' : 'failover_priority 0'}`];
    }
    const isSynchronous = role === 'sync_standby' || role === 'quorum_standby';
    const mode = config['synchronous_mode'];
    return (mode === true || mode === 'quorum') && !isSynchronous ? [`${name} is not synchronous`] : [];
  });
  if (barred.length < replicas.length) {
    return [];
  }
  return [
    {
      severity: 'refuse',
      subject: null,
      found:
        replicas.length === 0
          ? 'The leader has no replica.'
          : `No replica may take over: ${barred.join(', ')}.`,
      why: 'After the loss of the leader nobody leads, so that the outage lasts until it comes back.',
      fix:
        replicas.length === 0
          ? 'Add a replica.'
          : 'Take the tag away from one of them, or let it become synchronous.',
    },
  ];
}

export function twice(
  members: readonly ClusterMember[],
  setting: string,
  read: (member: ClusterMember) => string,
): readonly Complaint[] {
  const complaints: Complaint[] = [];
  for (const value of new Set(members.map(read))) {
    const names = members.filter((member) => read(member) === value).map(({ name }) => name);
    if (names.length > 1) {
      complaints.push({
        severity: 'refuse',
        subject: null,
        found: `${names.join(' and ')} have the same ${setting}, ${value}.`,
        why: 'Patroni and HAProxy take one of them for the other.',
        fix: `Give each member a ${setting} of its own.`,
      });
    }
  }
  return complaints;
}

/** Members on several hosts that tell the others an address of their own loopback. */
export function loopbacks(members: readonly ClusterMember[]): readonly Complaint[] {
  const isLoopback = (host: string) => /^(localhost|127\.|::1$|\[::1\])/.test(host);
  const hosts = members.map(({ host }) => host ?? '');
  if (hosts.every(isLoopback)) {
    return []; // All on one machine.
  }
  return members
    .filter(({ host, apiUrl }) => isLoopback(host ?? '') || isLoopback(apiUrl.replace(/^https?:\/\//, '')))
    .map(({ name, host, apiUrl }) => ({
      severity: 'refuse' as const,
      subject: name,
      found: `${name} tells the others to reach it at ${isLoopback(host ?? '') ? host : apiUrl}.`,
      why: 'On another host that address leads to that host itself: nobody can follow it, or ask it.',
      fix: 'Set connect_address of postgresql and of restapi to an address that all hosts reach.',
    }));
}
