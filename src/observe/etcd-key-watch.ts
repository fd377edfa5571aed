import { setMaxListeners } from 'node:events';
import { getEtcdPrefix } from '../cluster/etcd.js';
import type { EtcdAccess } from '../cluster/etcd-login.js';
import { type KeyChange, type WatchMessage, watchEtcd } from '../cluster/etcd-watch.js';
import { messageOf } from '../errors.js';
import { type KeyEvent, KeyStory } from './etcd-keys.js';
import type { EtcdMembers, MemberView } from './etcd-members.js';
import type { ObserverContext } from './observer.js';
import { pause } from './poll.js';

const TIMEOUT_MS = 1000;
/** Before another try, when the last one did not get far. */
const PAUSE_MS = 100;
/** A watch that stood so long has told what was missed before it: etcd hands that out every 100 ms. */
const SETTLED_MS = 1000;

/**
 * Follows Patroni's keys from one member of etcd to the next, by revision, so that no change is missed.
 *
 * An event is stamped when the message arrives, which the member sends as soon as it has applied the change: its
 * uncertainty is the round trip to that member. A change that happened while no watch stood is told when the next one
 * does; it lies behind the last sign that the earlier one was in touch with the quorum.
 */
export class EtcdKeyWatch {
  private readonly story: KeyStory;
  private readonly aborted = new AbortController();
  private readonly problems: string[] = [];
  private loop: Promise<void> | undefined;
  /** Aborted to leave the member that is watched now. */
  private leaving: AbortController | null = null;
  private current: MemberView | null = null;
  /** The last one that was heard of; null until the first snapshot. */
  private revision: number | null = null;
  private begun = false;
  /** Since when the watch stands; null while there is none. */
  private standingMs: number | null = null;
  /** Up to here nothing was missed. */
  private heardMs = 0;
  private lastFailure = 'no member answered';

  constructor(
    private readonly context: ObserverContext,
    private readonly prefix: string,
    private readonly access: EtcdAccess,
    private readonly members: EtcdMembers,
  ) {
    this.story = new KeyStory(prefix);
    setMaxListeners(0, this.aborted.signal);
  }

  start(): void {
    this.loop ??= this.run();
  }

  async stop(): Promise<void> {
    if (this.standingMs === null) {
      this.problems.push(
        this.begun
          ? `Patroni's keys in etcd were not watched for the last ${this.silenceS()} s: ${this.lastFailure}.`
          : `Patroni's keys in etcd were not watched: ${this.lastFailure}.`,
      );
    }
    this.aborted.abort();
    const settled = new AbortController();
    const end = this.loop?.then(() => settled.abort());
    await Promise.race([end, pause(TIMEOUT_MS, settled.signal)]);
  }

  get gaps(): readonly string[] {
    return this.problems;
  }

  /** Whether it ever knew the keys. */
  get watched(): boolean {
    return this.begun;
  }

  /** Leaves a member that is no good when there is a better one: a frozen one keeps its stream open and says nothing. */
  reconsider(): void {
    const { current } = this;
    if (current !== null && isBad(current) && this.members.views.some(isHealthy)) {
      this.lastFailure = `etcd at ${current.url} is ${current.state}`;
      this.leaving?.abort();
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.aborted;
    while (!signal.aborted) {
      const view = this.next();
      const leaving = new AbortController();
      const begunMs = this.context.clock.nowMs();
      this.current = view;
      this.leaving = leaving;
      try {
        await this.follow(view, AbortSignal.any([signal, leaving.signal]));
      } catch (error) {
        if (!leaving.signal.aborted && !signal.aborted) {
          this.lastFailure = messageOf(error);
        }
      }
      this.over(view);
      if (this.context.clock.nowMs() - begunMs < SETTLED_MS) {
        await pause(PAUSE_MS, signal);
      }
    }
  }

  private over(view: MemberView): void {
    const { standingMs } = this;
    if (standingMs !== null && (view.heardMs ?? 0) > standingMs + SETTLED_MS) {
      this.heardMs = Math.max(this.heardMs, view.heardMs ?? 0);
    }
    if (standingMs !== null && view.state === 'healthy') {
      // So it was seen last; the next look will tell.
      view.state = 'unknown';
    }
    this.standingMs = null;
  }

  /** The member after the current one, of those that serve if any does. */
  private next(): MemberView {
    const { views } = this.members;
    const from = this.current === null ? 0 : views.indexOf(this.current) + 1;
    const turned = [...views.slice(from), ...views.slice(0, from)];
    return turned.find(isHealthy) ?? turned.find((view) => !isBad(view)) ?? (turned[0] as MemberView);
  }

  private async follow(view: MemberView, signal: AbortSignal): Promise<void> {
    const access = { ...this.access, signal };
    if (this.revision === null) {
      await this.look(view, access);
    }
    const { clock } = this.context;
    const askedMs = clock.nowMs();
    let createMs = 0;
    let missedUpTo = 0;
    for await (const message of watchEtcd(view.url, this.prefix, (this.revision ?? 0) + 1, access)) {
      if (message.kind === 'created') {
        createMs = clock.nowMs() - askedMs;
        missedUpTo = message.revision;
        this.standingMs = clock.nowMs();
      } else if (message.kind === 'changes') {
        this.tell(message.changes, missedUpTo, view.roundTripMs ?? createMs);
      } else {
        this.ended(view, message);
        return;
      }
    }
    this.lastFailure = `etcd at ${view.url} closed the watch`;
  }

  private async look(view: MemberView, access: EtcdAccess): Promise<void> {
    const askedMs = this.context.clock.nowMs();
    const snapshot = await getEtcdPrefix(view.url, this.prefix, { ...access, timeoutMs: TIMEOUT_MS });
    if (this.begun) {
      this.emit(this.story.resume(snapshot), this.context.clock.nowMs() - this.heardMs);
    } else {
      this.begun = true;
      if (snapshot.values.size === 0) {
        this.problems.push(
          `etcd has no keys under ${this.prefix}, where Patroni keeps them by default: it has another namespace, or the old API of etcd.`,
        );
      } else {
        this.emit(this.story.begin(snapshot), 0);
      }
    }
    this.revision = snapshot.revision;
    this.heardMs = askedMs;
  }

  private tell(changes: readonly KeyChange[], missedUpTo: number, latencyMs: number): void {
    const nowMs = this.context.clock.nowMs();
    const missed = changes.filter((change) => change.revision <= missedUpTo);
    const live = changes.filter((change) => change.revision > missedUpTo);
    this.emit(this.story.apply(missed), nowMs - this.heardMs);
    this.emit(this.story.apply(live), latencyMs);
    if (live.length > 0) {
      this.heardMs = nowMs;
    }
    this.revision = changes.at(-1)?.revision ?? this.revision;
  }

  private ended(view: MemberView, message: WatchMessage & { kind: 'compacted' | 'ended' }): void {
    if (message.kind === 'ended') {
      this.lastFailure = `etcd at ${view.url}: ${message.reason}`;
      return;
    }
    this.lastFailure = 'etcd has compacted what was missed';
    this.problems.push(
      `etcd has compacted away what became of Patroni's keys in ${this.silenceS()} s without a watch; only the outcome is known.`,
    );
    this.revision = null;
  }

  private emit(events: readonly KeyEvent[], uncertaintyMs: number): void {
    const atMs = this.context.clock.nowMs();
    for (const event of events) {
      this.context.emit({ ...event, atMs, uncertaintyMs, layer: 'etcd', subject: '' });
    }
  }

  private silenceS(): string {
    return ((this.context.clock.nowMs() - this.heardMs) / 1000).toFixed(1);
  }
}

function isHealthy(view: MemberView): boolean {
  return view.state === 'healthy';
}

function isBad(view: MemberView): boolean {
  return view.state === 'unhealthy' || view.state === 'unreachable';
}
