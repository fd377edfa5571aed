import { checkCredentials } from '../cluster/access.js';
import { getHealth } from '../cluster/health.js';
import { UserError } from '../errors.js';
import type { Fault } from './fault.js';
import { changeSettings } from './settings.js';

/** The end of a pause. It is not taken back: whoever asks for it wants Patroni to act again. */
export const resume: Fault = {
  kind: 'resume',
  summary: 'the end of a pause, through PATCH /config',
  exercises: 'what Patroni does about all that happened in a pause',
  expects: 'service',
  needs: 'patroni',
  options: [],

  /** A cluster that is paused is what it is for, and what happened meanwhile need not be healthy. */
  async check({ target, access }) {
    await checkCredentials(target.patroni, access.patroni);
    const { cluster, ...health } = await getHealth(target.patroni, access.patroni);
    if (cluster === null && !health.healthy) {
      throw new UserError(
        `A resume needs a member of Patroni that answers, but ${health.reason}.`,
        'Mend the cluster, or run with --fault none.',
      );
    }
  },

  async inject(context) {
    const { record } = await changeSettings(context, { pause: null }, 'pause=null');
    return { record, undo: null };
  },
};
