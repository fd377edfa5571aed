import { type EtcdStatus, getEtcdMembers, getEtcdStatus, isEtcdHealthy } from '../cluster/etcd.js';
import type { EtcdAccess } from '../cluster/etcd-login.js';
import { messageOf } from '../errors.js';
import type { ObserverContext } from './observer.js';
import { Poll } from './poll.js';
import { Watched } from './watched.js';

/** Two small requests for each member: its own view, and one that needs the quorum. */
const PACE = { calmMs: 2000, alertMs: 500 };
const TIMEOUT_MS = 1000;

/** One member of etcd, by the URL that it is asked at. */
export interface MemberView {
  readonly url: string;
  state: 'unknown' | 'healthy' | 'unhealthy' | 'unreachable';
  /** Of the last answer; null before the first. */
  roundTripMs: number | null;
  /** When it was last asked something that it could answer only in touch with the quorum; null before the first. */
  heardMs: number | null;
  lastFailure: string | null;
  watched: Watched | null;
}

/** etcd's members: who leads, who serves. */
export class EtcdMembers {
  readonly views: MemberView[] = [];
  private readonly names = new Map<string, string>();
  private readonly polls: Poll[] = [];
  private readonly leader: Watched;
  private discovery: Promise<void> | undefined;
  private term = 0;

  /** @param onLook after each look at a member */
  constructor(
    private readonly context: ObserverContext,
    urls: readonly string[],
    private readonly access: EtcdAccess,
    private readonly onLook: () => void,
  ) {
    this.leader = new Watched(
      context,
      'etcd',
      () => 'etcd_leader',
      '',
      (to) => `${to} leads etcd`,
    );
    for (const url of urls) {
      this.add(url);
    }
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
  }

  get gaps(): readonly string[] {
    const silent = this.views.filter((view) => view.roundTripMs === null && view.lastFailure !== null);
    return [
      ...silent.map((view) => `etcd at ${view.url} never answered: ${view.lastFailure}.`),
      ...this.polls.flatMap((poll) => poll.problems),
    ];
  }

  get answered(): boolean {
    return this.views.some((view) => view.roundTripMs !== null);
  }

  private add(url: string): Poll {
    const view: MemberView = {
      url,
      state: 'unknown',
      roundTripMs: null,
      heardMs: null,
      lastFailure: null,
      watched: null,
    };
    this.views.push(view);
    const poll = new Poll(PACE, (signal) => this.look(view, signal));
    this.polls.push(poll);
    return poll;
  }

  private async look(view: MemberView, signal: AbortSignal): Promise<void> {
    const access = { ...this.access, timeoutMs: TIMEOUT_MS, signal };
    this.discovery ??= this.discover(access);
    await this.discovery;
    const { clock } = this.context;
    const askedMs = clock.nowMs();
    try {
      const status = await getEtcdStatus(view.url, access);
      view.roundTripMs = clock.nowMs() - askedMs;
      this.sawLeader(status, askedMs);
      const proofMs = clock.nowMs();
      view.state = (await isEtcdHealthy(view.url, access)) ? 'healthy' : 'unhealthy';
      if (view.state === 'healthy') {
        view.heardMs = proofMs;
      }
      this.watchedOf(view, status.id).saw(view.state, askedMs);
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      view.state = 'unreachable';
      view.lastFailure = messageOf(error);
      this.watchedOf(view, null).saw(view.state, askedMs);
    }
    this.onLook();
  }

  /** Names of the members, and addresses of those that were not given. */
  private async discover(access: EtcdAccess): Promise<void> {
    for (const { url } of [...this.views]) {
      const members = await getEtcdMembers(url, access).catch(() => []);
      for (const member of members) {
        this.names.set(member.id, member.name);
        for (const clientUrl of member.clientUrls) {
          this.names.set(trimmed(clientUrl), member.name);
        }
      }
      if (members.length > 0) {
        const given = new Set(this.views.map((view) => this.names.get(trimmed(view.url))));
        // One that is given by another address than it advertises cannot be told from the others yet.
        const others = given.has(undefined) ? [] : members.filter((member) => !given.has(member.name));
        for (const { clientUrls } of others) {
          if (clientUrls[0] !== undefined) {
            this.add(clientUrls[0]).start();
          }
        }
        return;
      }
    }
  }

  /** Members that lag name an earlier leader. That there is none, the members' health tells. */
  private sawLeader(status: EtcdStatus, askedMs: number): void {
    if (status.leaderId !== null && status.raftTerm >= this.term) {
      this.term = status.raftTerm;
      this.leader.saw(this.names.get(status.leaderId) ?? status.leaderId, askedMs);
    }
  }

  private watchedOf(view: MemberView, id: string | null): Watched {
    if (view.watched === null) {
      const name =
        this.names.get(trimmed(view.url)) ?? (id === null ? undefined : this.names.get(id)) ?? view.url;
      view.watched = new Watched(
        this.context,
        'etcd',
        (to) => (to === 'healthy' ? 'etcd_up' : 'etcd_down'),
        name,
        (to) => `etcd ${name} is ${to}`,
      );
    }
    return view.watched;
  }
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
