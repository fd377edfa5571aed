import { getHaproxyStats } from '../cluster/haproxy.js';
import { messageOf } from '../errors.js';
import type { HaproxyAddress } from '../plan/target.js';
import type { Observer, ObserverContext } from './observer.js';
import { Poll } from './poll.js';
import { Watched } from './watched.js';

/** One `show stat` takes HAProxy well under a millisecond. */
const EVERY_MS = 100;
const TIMEOUT_MS = 1000;

/** HAProxy: which server of which backend it takes for up. */
export class HaproxyObserver implements Observer {
  readonly layer = 'haproxy';
  readonly gaps: string[] = [];
  private readonly servers = new Map<string, Watched>();
  private readonly poll: Poll;
  private failed = 0;
  private answered = 0;
  private lastFailure = '';

  constructor(
    private readonly context: ObserverContext,
    private readonly address: HaproxyAddress,
  ) {
    this.poll = new Poll(EVERY_MS, (signal) => this.look(signal));
  }

  start(): void {
    this.poll.start();
  }

  async stop(): Promise<void> {
    await this.poll.stop();
    if (this.failed > 0) {
      this.gaps.push(
        `HAProxy's statistics did not answer ${this.failed} of ${this.failed + this.answered} times: ${this.lastFailure}.`,
      );
    }
  }

  private async look(signal: AbortSignal): Promise<void> {
    const askedMs = this.context.clock.nowMs();
    try {
      for (const line of await getHaproxyStats(this.address, { timeoutMs: TIMEOUT_MS, signal })) {
        if (line.kind === 'server') {
          // `UP 1/3` is on its way down but still used, `DOWN 1/2` on its way up and not used yet.
          // One that is not checked at all is used, too.
          const state = line.status === 'no check' ? 'UP' : (line.status.split(' ')[0] ?? line.status);
          this.serverOf(`${line.proxy}/${line.server}`).saw(state, askedMs);
        }
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
