import type { Fault } from './fault.js';
import { checkMayAsk } from './look.js';
import { awaitPause, changeSettings } from './settings.js';

/** Members learn of it in their next loop, at most loop_wait later; the default is 10 s. */
const KNOWN_MS = 15_000;

/** Patroni's maintenance mode: it looks on, and acts no more. */
export const pause: Fault = {
  kind: 'pause',
  summary: "Patroni's maintenance mode, through PATCH /config",
  exercises: 'what the next fault does while Patroni only looks on: no failover, no restart of PostgreSQL',
  expects: 'service',
  needs: 'patroni',
  prepares: true,
  options: [],

  async check(context) {
    await checkMayAsk(context, 'A pause');
  },

  async inject(context) {
    const injection = await changeSettings(context, { pause: true }, 'pause=true');
    if (injection.record.failure === null) {
      await awaitPause(context, true, KNOWN_MS);
    }
    return injection;
  },
};
