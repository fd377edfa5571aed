import { UserError } from '../errors.js';
import { type JsonObject, objectOf } from './json.js';

/**
 * What the options of the fault `config` change, as Patroni's PATCH /config takes it.
 * @throws UserError when there is nothing to change, or JSON is none
 */
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
