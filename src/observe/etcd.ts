import type { EtcdAccess } from '../cluster/etcd-login.js';
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

  /** @param prefix of Patroni's keys, `/service/SCOPE/`; null when the scope is not known: then only members are watched */
  constructor(context: ObserverContext, urls: readonly string[], prefix: string | null, access: EtcdAccess) {
    this.members = new EtcdMembers(context, urls, access, () => this.keys?.reconsider());
    this.keys = prefix === null ? null : new EtcdKeyWatch(context, prefix, access, this.members);
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
    const noScope = "Patroni's keys in etcd were not watched: its scope is not known.";
    const keys = this.keys === null ? [noScope] : this.keys.gaps;
    return [...keys, ...this.members.gaps];
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
