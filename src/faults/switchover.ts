import { postSwitchover } from '../cluster/patroni.js';
import { askPatroni } from './ask.js';
import type { Fault } from './fault.js';
import { checkMayAsk } from './look.js';
import { candidateOf } from './members.js';

/** A planned change of the leader: Patroni shuts the old one down cleanly, so that no commit may be lost. */
export const switchover: Fault = {
  kind: 'switchover',
  summary: 'planned change of the leader, through POST /switchover',
  exercises: 'everything but the detection of a failure; loses nothing',
  expects: 'another_leader',
  needs: 'patroni',
  options: [{ name: 'candidate', summary: 'replica that is to lead [the one that lags least]' }],

  async check(context) {
    const { cluster, leader } = await checkMayAsk(context, 'A switchover');
    candidateOf(cluster, leader, context.plan.options['candidate']);
  },

  /** Only the leader itself acts at once; with a candidate named, the replicas need not race. */
  async inject(context) {
    const record = await askPatroni(context, ({ cluster, leader }) => {
      const { name: candidate } = candidateOf(cluster, leader, context.plan.options['candidate']);
      const order = { leader: leader.name, candidate };
      return {
        subject: leader.name,
        asked: `POST ${leader.apiUrl}/switchover leader=${leader.name} candidate=${candidate}`,
        send: (access) => postSwitchover(leader.apiUrl, order, access),
      };
    });
    return { record, undo: null };
  },
};
