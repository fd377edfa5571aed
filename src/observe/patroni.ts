import type { HttpAccess } from '../cluster/http.js';
import { type ClusterMember, getCluster, getMember, type PatroniMember } from '../cluster/patroni.js';
import type { Observer, ObserverContext } from './observer.js';
import { Poll } from './poll.js';
import { Watched } from './watched.js';

/** Each look at a member costs its PostgreSQL a query, and before Patroni 3.2 shares the connection of its HA loop: stay at 4 Hz. */
const MEMBER_EVERY_MS = 250;
/** /cluster reads the DCS at each call. */
const CLUSTER_EVERY_MS = 1000;
const ACCESS: HttpAccess = { timeoutMs: 1000 };

/** Patroni: what each member says of itself, and whom the DCS names as leader. */
export class PatroniObserver implements Observer {
  readonly layer = 'patroni';
  readonly gaps: string[] = [];
  private readonly polls: Poll[];
  private readonly members: readonly ClusterMember[];
  private readonly leader: Watched;
  private clusterAnswered = false;

  /** @param members as /cluster listed them before the run */
  constructor(
    private readonly context: ObserverContext,
    members: readonly ClusterMember[],
  ) {
    this.members = members;
    this.leader = new Watched(
      context,
      'patroni',
      (to) => (to === '' ? 'leader_gone' : 'leader'),
      '',
      (to, from) => (to === '' ? `${from} leads no more` : `${to} leads`),
    );
    this.polls = [
      new Poll(CLUSTER_EVERY_MS, (signal) => this.lookAtCluster(signal)),
      ...members.map((member) => this.pollOf(member)),
    ];
  }

  start(): void {
    for (const poll of this.polls) {
      poll.start();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.polls.map((poll) => poll.stop()));
    if (!this.clusterAnswered) {
      this.gaps.push('No member of Patroni answered /cluster in the run: who led when is not known.');
    }
  }

  private pollOf(member: ClusterMember): Poll {
    const watch = (kind: string, textOf: (to: string, from: string | null) => string) =>
      new Watched(this.context, 'patroni', () => kind, member.name, textOf);
    const state = watch('state', (to) => `${member.name} is ${to}`);
    const role = watch('role', (to) => `${member.name} is ${to}`);
    const timeline = watch('timeline', (to) => `${member.name} is on timeline ${to}`);
    return new Poll(MEMBER_EVERY_MS, async (signal) => {
      const askedMs = this.context.clock.nowMs();
      let seen: PatroniMember;
      try {
        seen = await getMember(member.apiUrl, { ...ACCESS, signal });
      } catch {
        // That nobody answers is itself what was observed.
        if (!signal.aborted) {
          state.saw('unreachable', askedMs);
        }
        return;
      }
      state.saw(seen.state, askedMs);
      if (seen.state === 'running') {
        role.saw(seen.role, askedMs);
      }
      if (seen.timeline !== null) {
        timeline.saw(String(seen.timeline), askedMs);
      }
    });
  }

  private async lookAtCluster(signal: AbortSignal): Promise<void> {
    const askedMs = this.context.clock.nowMs();
    for (const member of this.members) {
      try {
        const cluster = await getCluster(member.apiUrl, { ...ACCESS, signal });
        const leader = cluster.members.find((candidate) => candidate.role.endsWith('leader'));
        this.leader.saw(leader?.name ?? '', askedMs);
        this.clusterAnswered = true;
        return;
      } catch {
        // The next member may know; that this one does not answer, its own poll tells.
        if (signal.aborted) {
          return;
        }
      }
    }
  }
}
