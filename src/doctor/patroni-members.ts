import type { ClusterMember, PatroniCluster } from '../cluster/patroni.js';
import { given } from './answer.js';
import type { Complaint } from './finding.js';
import type { PatroniEvidence } from './patroni-evidence.js';
import type { Look } from './patroni-look.js';

export function isLeader({ role }: ClusterMember): boolean {
  return role === 'leader' || role === 'standby_leader';
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
  return given(self, ({ replication, timeline }) => {
    const streaming = new Set(
      replication.filter(({ state }) => state === 'streaming').map(({ applicationName }) => applicationName),
    );
    return members
      .filter((member) => member !== leader)
      .flatMap((member): readonly Complaint[] => {
        const flaw = flawOf(member, streaming, timeline);
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
    if (tags['nofailover'] === true || tags['failover_priority'] === 0) {
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
