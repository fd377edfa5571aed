import { postFailover } from '../cluster/patroni.js';
import { askPatroni } from './ask.js';
import type { Fault } from './fault.js';
import { checkMayAsk } from './look.js';
import { candidateOf } from './members.js';

/** Patroni's manual failover; while the leader is well, it is as gentle as a switchover. */
export const failover: Fault = {
  kind: 'failover',
  summary: 'manual failover to a candidate, through POST /failover',
  exercises:
    'as switchover: on a healthy cluster Patroni demotes the leader gracefully, so it is planned, and no crash; an asynchronous replica may be named',
  expects: 'another_leader',
  needs: 'patroni',
  options: [{ name: 'candidate', summary: 'replica that is to lead [the one that lags least]' }],

  async check(context) {
    const { cluster, leader } = await checkMayAsk(context, 'A failover');
    candidateOf(cluster, leader, context.plan.options['candidate'], 'A failover');
  },

  async inject(context) {
    const record = await askPatroni(context, ({ cluster, leader }) => {
      const wanted = context.plan.options['candidate'];
      const { name: candidate } = candidateOf(cluster, leader, wanted, 'A failover');
      return {
        subject: leader.name,
        asked: `POST ${leader.apiUrl}/failover candidate=${candidate}`,
        send: (access) => postFailover(leader.apiUrl, { candidate }, access),
      };
    });
    return { record, undo: null };
  },
};
