import type { HttpAccess } from '../cluster/http.js';
import {
  type ClusterMember,
  getCluster,
  getHistory,
  getMember,
  type HistoryEntry,
  type PatroniMember,
} from '../cluster/patroni.js';
import { messageOf } from '../errors.js';
import type { ClockOffset, ObserverFacts, Series, TimelineEnd } from '../result/observed.js';
import type { Observer, ObserverContext } from './observer.js';
import { Poll } from './poll.js';
import { Watched } from './watched.js';

/**
 * Each look at a member costs its PostgreSQL a query, and before Patroni 3.2 shares the connection of its HA loop: stay
 * at 4 Hz. It costs Patroni one millisecond of CPU, and us another one.
 */
const MEMBER_PACE = { calmMs: 2000, alertMs: 250 };
/** /cluster reads the DCS at each call. */
const CLUSTER_EVERY_MS = 1000;
const TIMEOUT_MS = 1000;

/** What Patroni alone can tell. */
export const PATRONI_SHOWS = "who led when, and each member's state, role and timeline";

/**
 * Patroni: what each member says of itself (`state`, `role`, `timeline`; `failsafe` and `unlocked` where they are on),
 * and what the DCS says of all (`leader`, `leader_gone`; `pause` where it is on).
 */
export class PatroniObserver implements Observer {
  readonly layer = 'patroni';
  readonly gaps: string[] = [];
  private readonly polls: Poll[];
  private readonly members: readonly ClusterMember[];
  private readonly leader: Watched;
  private readonly pause: Watched;
  private clusterAnswered = false;
  private memberAnswered = false;
  private lastFailure = '';

  /** @param members as /cluster listed them before the run */
  constructor(
    private readonly context: ObserverContext,
    members: readonly ClusterMember[],
    private readonly access: HttpAccess = {},
  ) {
    this.members = members;
    this.leader = new Watched(
      context,
      'patroni',
      (to) => (to === '' ? 'leader_gone' : 'leader'),
      '',
      (to, from) => (to === '' ? `${from} leads no more` : `${to} leads`),
    );
    this.pause = new Watched(
      context,
      'patroni',
      () => 'pause',
      '',
      (to) => (to === 'on' ? 'Patroni is paused' : 'Patroni is not paused any more'),
      isOn,
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

  alert(forMs: number): void {
    for (const poll of this.polls) {
      poll.alert(forMs);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.polls.map((poll) => poll.stop()));
    if (!this.clusterAnswered) {
      this.gaps.push('No member of Patroni answered /cluster in the run: who led when is not known.');
    }
    this.gaps.push(...this.polls.flatMap((poll) => poll.problems));
  }

  series(): readonly Series[] {
    return [];
  }

  clocks(): readonly ClockOffset[] {
    return [];
  }

  facts(): ObserverFacts {
    const watched = this.clusterAnswered || this.memberAnswered;
    const missing = `${PATRONI_SHOWS}; no member answered: ${this.lastFailure || 'no answer yet'}`;
    return { layer: this.layer, watched, missing: watched ? null : missing };
  }

  private pollOf(member: ClusterMember): Poll {
    const watched = watchedOf(this.context, member.name);
    return new Poll(MEMBER_PACE, async (signal) => {
      const askedMs = this.context.clock.nowMs();
      let seen: PatroniMember;
      try {
        seen = await getMember(member.apiUrl, { ...this.access, timeoutMs: TIMEOUT_MS, signal });
        this.memberAnswered = true;
      } catch (error) {
        // That nobody answers is itself what was observed.
        if (!signal.aborted) {
          this.lastFailure = messageOf(error);
          watched.state.saw('unreachable', askedMs);
        }
        return;
      }
      watched.state.saw(seen.state, askedMs);
      if (seen.state === 'running') {
        watched.role.saw(seen.role, askedMs);
      }
      if (seen.timeline !== null) {
        watched.timeline.saw(String(seen.timeline), askedMs);
      }
      watched.failsafe.saw(seen.failsafeActive ? 'on' : 'off', askedMs);
      watched.unlocked.saw(seen.clusterUnlocked ? 'on' : 'off', askedMs);
    });
  }

  private async lookAtCluster(signal: AbortSignal): Promise<void> {
    const askedMs = this.context.clock.nowMs();
    for (const member of this.members) {
      try {
        const cluster = await getCluster(member.apiUrl, {
          ...this.access,
          timeoutMs: TIMEOUT_MS,
          signal,
        });
        const leader = cluster.members.find((candidate) => candidate.role.endsWith('leader'));
        this.leader.saw(leader?.name ?? '', askedMs);
        this.pause.saw(cluster.pause ? 'on' : 'off', askedMs);
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

/** What is watched of one member. */
function watchedOf(context: ObserverContext, name: string) {
  const watch = (kind: string, textOf: (to: string) => string, tellsFirst?: (value: string) => boolean) =>
    new Watched(context, 'patroni', () => kind, name, textOf, tellsFirst);
  return {
    state: watch('state', (to) => `${name} is ${to}`),
    role: watch('role', (to) => `${name} is ${to}`),
    timeline: watch('timeline', (to) => `${name} is on timeline ${to}`),
    failsafe: watch('failsafe', (to) => `failsafe mode of ${name} is ${to}`, isOn),
    unlocked: watch(
      'unlocked',
      (to) => (to === 'on' ? `${name} knows of no leader` : `${name} knows of a leader`),
      isOn,
    ),
  };
}

function isOn(value: string): boolean {
  return value === 'on';
}

/**
 * Ends of timelines as the members know them after the run; empty when none answers. Each member knows them as of its
 * last loop, so that which tells most is believed. The newest may lack its time and leader: they are filled in later.
 */
export async function timelineEnds(
  urls: readonly string[],
  access: HttpAccess = {},
): Promise<readonly TimelineEnd[]> {
  const answers = await Promise.all(
    urls.map((url) => getHistory(url, { timeoutMs: TIMEOUT_MS, ...access }).catch(() => [])),
  );
  const known = (entries: readonly HistoryEntry[]) =>
    entries.length + entries.filter((entry) => entry.newLeader !== null).length;
  return answers.reduce((most, answer) => (known(answer) > known(most) ? answer : most), []);
}
