import { type JsonObject, objectOf } from '../cluster/json.js';
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

/** @throws UserError when there is nothing to change, or JSON is none */
export function patchOf({ set, ...others }: Readonly<Record<string, string>>): JsonObject {
  let patch: JsonObject = set === undefined ? {} : parseSet(set);
  for (const [path, text] of Object.entries(others)) {
    patch = withSetting(patch, path.split('.'), settingValue(text));
  }
  if (Object.keys(patch).length === 0) {
    throw new UserError('config needs a setting to change, found none.', 'Use config:ttl=20, for one.');
  }
  return patch;
}

function parseSet(text: string): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  const object = objectOf(json);
  if (object === null) {
    throw new UserError(`--fault config: set: expected an object in JSON, {"ttl":20}, found '${text}'.`);
  }
  return object;
}

/** Numbers, true, false and null are what they are in JSON; anything else is text. */
function settingValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function withSetting(patch: JsonObject, path: readonly string[], value: unknown): JsonObject {
  const [name = '', ...rest] = path;
  const inner = rest.length === 0 ? value : withSetting(objectOf(patch[name]) ?? {}, rest, value);
  return { ...patch, [name]: inner };
}
