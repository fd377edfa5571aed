import { getHaproxyServers } from '../cluster/haproxy.js';
import type { HttpAccess } from '../cluster/http.js';
import { messageOf } from '../errors.js';
import type { HaproxyAddress } from '../plan/target.js';
import type { ClockOffset, ObserverFacts, Series } from '../result/observed.js';
import type { Observer, ObserverContext } from './observer.js';
import { Poll } from './poll.js';
import { SeriesBook } from './series.js';
import { Watched } from './watched.js';

/** A look takes HAProxy well under a millisecond, and us about one. */
const PACE = { calmMs: 1000, alertMs: 100 };
const TIMEOUT_MS = 1000;

/** What HAProxy alone can tell. */
export const HAPROXY_SHOWS =
  'when HAProxy took which server for up or down, and how many sessions each one had';

/** HAProxy: which server of which backend it takes for up, and the sessions on each (series `sessions`). */
export class HaproxyObserver implements Observer {
  readonly layer = 'haproxy';
  readonly gaps: string[] = [];
  private readonly servers = new Map<string, Watched>();
  private readonly book = new SeriesBook();
  private readonly poll: Poll;
  private failed = 0;
  private answered = 0;
  private lastFailure = '';

  constructor(
    private readonly context: ObserverContext,
    private readonly address: HaproxyAddress,
    private readonly access: HttpAccess = {},
  ) {
    this.poll = new Poll(PACE, (signal) => this.look(signal));
  }

  start(): void {
    this.poll.start();
  }

  alert(forMs: number): void {
    this.poll.alert(forMs);
  }

  async stop(): Promise<void> {
    await this.poll.stop();
    if (this.failed > 0) {
      this.gaps.push(
        `HAProxy's statistics did not answer ${this.failed} of ${this.failed + this.answered} times: ${this.lastFailure}.`,
      );
    }
    this.gaps.push(...this.poll.problems);
  }

  series(): readonly Series[] {
    return this.book.series();
  }

  clocks(): readonly ClockOffset[] {
    return [];
  }

  facts(): ObserverFacts {
    const watched = this.answered > 0;
    const missing = `${HAPROXY_SHOWS}; its statistics never answered: ${this.lastFailure || 'no answer yet'}`;
    return { layer: this.layer, watched, missing: watched ? null : missing };
  }

  private async look(signal: AbortSignal): Promise<void> {
    const askedMs = this.context.clock.nowMs();
    try {
      const access = { ...this.access, timeoutMs: TIMEOUT_MS, signal };
      const lines = await getHaproxyServers(this.address, access);
      const nowMs = this.context.clock.nowMs();
      for (const line of lines) {
        // `UP 1/3` is on its way down but still used, `DOWN 1/2` on its way up and not used yet.
        // One that is not checked at all is used, too.
        const state = line.status === 'no check' ? 'UP' : (line.status.split(' ')[0] ?? line.status);
        const name = `${line.proxy}/${line.server}`;
        this.serverOf(name).saw(state, askedMs);
        this.book.add(name, 'sessions', 'count', nowMs, line.sessions);
      }
      this.answered++;
    } catch (error) {
      if (!signal.aborted) {
        this.failed++;
        this.lastFailure = messageOf(error);
      }
    }
  }

  private serverOf(name: string): Watched {
    let server = this.servers.get(name);
    if (server === undefined) {
      server = new Watched(
        this.context,
        'haproxy',
        (to) => (to === 'UP' ? 'server_up' : 'server_down'),
        name,
        (to) => `HAProxy ${name} ${to}`,
      );
      this.servers.set(name, server);
    }
    return server;
  }
}
