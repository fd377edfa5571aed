import type { EtcdAccess } from '../cluster/etcd-login.js';
import type { PatroniKeys } from '../cluster/patroni-keys.js';
import type { ClockOffset, ObserverFacts, Series } from '../result/observed.js';
import { EtcdKeyWatch } from './etcd-key-watch.js';
import { EtcdMembers } from './etcd-members.js';
import type { Observer, ObserverContext } from './observer.js';

/** What etcd alone can tell. */
export const ETCD_SHOWS =
  'when the leader key went and who took it, exactly and in order, and which member led etcd';

/** etcd: Patroni's keys as they change, and its own members. Events see {@link EtcdMembers} and KeyStory. */
export class EtcdObserver implements Observer {
  readonly layer = 'etcd';
  private readonly members: EtcdMembers;
  private readonly keys: EtcdKeyWatch | null;

  /** @param patroni where they are not known, only members are watched */
  constructor(
    context: ObserverContext,
    urls: readonly string[],
    private readonly patroni: PatroniKeys,
    access: EtcdAccess,
  ) {
    this.members = new EtcdMembers(context, urls, access, () => this.keys?.reconsider());
    this.keys = 'missing' in patroni ? null : new EtcdKeyWatch(context, patroni.prefix, access, this.members);
  }

  start(): void {
    this.members.start();
    this.keys?.start();
  }

  alert(forMs: number): void {
    this.members.alert(forMs);
  }

  async stop(): Promise<void> {
    await Promise.all([this.members.stop(), this.keys?.stop()]);
  }

  get gaps(): readonly string[] {
    const { keys, patroni } = this;
    const unwatched =
      'missing' in patroni ? [`Patroni's keys in etcd were not watched: ${patroni.missing}.`] : [];
    return [...unwatched, ...(keys?.gaps ?? []), ...this.members.gaps];
  }

  series(): readonly Series[] {
    return [];
  }

  clocks(): readonly ClockOffset[] {
    return [];
  }

  facts(): ObserverFacts {
    const watched = this.members.answered || this.keys?.watched === true;
    const failure = this.members.views.find((view) => view.lastFailure !== null)?.lastFailure;
    const missing = `${ETCD_SHOWS}; no member answered: ${failure ?? 'no answer yet'}`;
    return { layer: this.layer, watched, missing: watched ? null : missing };
  }
}
