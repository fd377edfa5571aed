import { postRestart } from '../cluster/patroni.js';
import { askPatroni } from './ask.js';
import type { Fault } from './fault.js';
import { checkMayAsk } from './look.js';
import { memberFor } from './members.js';

/** PostgreSQL of one member stops and starts in place. */
export const restart: Fault = {
  kind: 'restart',
  summary: "restarts one member's PostgreSQL in place, through POST /restart",
  exercises: 'a clean shutdown and start without a change of the leader; HAProxy may keep the member UP',
  expects: 'service',
  needs: 'patroni',
  options: [
    {
      name: 'role',
      summary: 'whose: leader or replica [leader]',
      isFirst: true,
      choices: ['leader', 'replica'],
    },
  ],

  async check(context) {
    const { cluster, leader } = await checkMayAsk(context, 'A restart');
    memberFor(cluster, leader, context.plan.options['role'] ?? 'leader');
  },

  async inject(context) {
    const record = await askPatroni(context, ({ cluster, leader }) => {
      const { name, apiUrl } = memberFor(cluster, leader, context.plan.options['role'] ?? 'leader');
      return {
        subject: name,
        asked: `POST ${apiUrl}/restart`,
        send: (access) => postRestart(apiUrl, access),
      };
    });
    return { record, undo: null };
  },
};
