import { patchOf } from '../cluster/config-patch.js';
import { UserError } from '../errors.js';
import type { Fault } from './fault.js';
import { checkMayAsk } from './look.js';
import { changeSettings, wordsOf } from './settings.js';

/** A change of Patroni's dynamic settings, for the time of a round. */
export const config: Fault = {
  kind: 'config',
  summary: "changes Patroni's dynamic settings, through PATCH /config; set back afterwards",
  exercises: 'nothing by itself: how the next fault goes with other settings',
  expects: 'service',
  needs: 'patroni',
  prepares: true,
  options: [
    { name: 'set', summary: `several as JSON, config:'{"ttl":20}'`, isFirst: true },
    {
      name: 'SETTING',
      summary: 'any setting, config:ttl=20,postgresql.parameters.work_mem=8MB; null removes it',
      any: true,
    },
  ],

  async check(context) {
    const patch = patchOf(context.plan.options);
    if (patch['pause'] !== undefined) {
      throw new UserError('config does not pause a cluster.', 'Use the faults pause and resume.');
    }
    await checkMayAsk(context, 'A change of settings');
  },

  async inject(context) {
    const patch = patchOf(context.plan.options);
    return changeSettings(context, patch, wordsOf(patch));
  },
};
