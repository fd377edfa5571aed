import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpAccess } from '../cluster/http.js';
import type { JsonObject } from '../cluster/json.js';
import { objectOf } from '../cluster/json.js';
import { getConfig, getMember, patchConfig, requestPatch } from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import { askPatroni } from './ask.js';
import type { FaultContext, Injection } from './fault.js';
import { insist } from './look.js';

/**
 * Changes Patroni's dynamic configuration, and takes it back.
 * @param asked in words, `ttl=20`; it stands in the result, so it must have no passwords in it
 */
export async function changeSettings(
  context: FaultContext,
  patch: JsonObject,
  asked: string,
): Promise<Injection> {
  const { target, access } = context;
  let before: JsonObject | null = null;
  const record = await askPatroni(context, async ({ leader }) => {
    before = await getConfig(leader.apiUrl, access.patroni);
    return {
      subject: null,
      asked: `PATCH ${leader.apiUrl}/config ${asked}`,
      send: async (given) => {
        const { status, text } = await requestPatch(leader.apiUrl, patch, given);
        // The whole configuration stands in the answer.
        return { status, text: status === 200 ? '' : text };
      },
    };
  });
  if (before === null || record.failure !== null) {
    return { record, undo: null };
  }
  if (record.answer !== null && /^5\d\d\b/.test(record.answer)) {
    return { record: { ...record, failure: `Patroni failed: ${record.answer}` }, undo: null };
  }
  const inverse = inverseOf(patch, before);
  return {
    record,
    undo: async () => {
      await patchAnyMember(target.patroni, inverse, access.patroni);
      return `set back ${wordsOf(inverse, patch)}`;
    },
  };
}

/** What brings a patched configuration back: the old value of each setting, null where there was none. */
export function inverseOf(patch: JsonObject, before: JsonObject): JsonObject {
  const inverse = new Map<string, unknown>();
  for (const [name, value] of Object.entries(patch)) {
    const old = Object.hasOwn(before, name) ? before[name] : null;
    const [part, oldPart] = [objectOf(value), objectOf(old)];
    // A patch goes into an object, unless there is none yet; a value that is no object is replaced.
    inverse.set(name, part !== null && oldPart !== null ? inverseOf(part, oldPart) : old);
  }
  return Object.fromEntries(inverse);
}

/** Whoever answers writes to the DCS; it may have no leader just now. */
export async function patchAnyMember(
  urls: readonly string[],
  patch: JsonObject,
  access: HttpAccess,
  forMs?: number,
): Promise<void> {
  await insist(async () => {
    let failure: unknown = new UserError('No Patroni member is known.');
    for (const url of urls) {
      try {
        await patchConfig(url, patch, { ...access, timeoutMs: 5000 });
        return;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }, forMs);
}

/** A longer text may be anything. */
const SHORT = 40;

/**
 * `ttl=20 postgresql.parameters.work_mem`: passwords may stand in whatever is below the top level, or is old, so that
 * only plain values of the top level are told.
 * @param names the patch whose settings are named; `values` may have whole subtrees in their place
 */
export function wordsOf(values: JsonObject, names: JsonObject = values): string {
  const words = Object.entries(names).flatMap(([name, given]) => {
    const value = values[name];
    return objectOf(given) === null && isPlain(value)
      ? [`${name}=${JSON.stringify(value)}`]
      : namesOf(name, given);
  });
  return words.join(' ');
}

function isPlain(value: unknown): boolean {
  const isShort = typeof value === 'string' && value.length <= SHORT;
  return isShort || value === null || typeof value === 'number' || typeof value === 'boolean';
}

function namesOf(name: string, given: unknown): readonly string[] {
  const inner = Object.entries(objectOf(given) ?? {});
  return inner.length === 0 ? [name] : inner.flatMap(([part, below]) => namesOf(`${name}.${part}`, below));
}

/** Waits until every member that answers knows whether there is a pause; each learns of it in its own loop. */
export async function awaitPause(context: FaultContext, pause: boolean, forMs: number): Promise<boolean> {
  const { target, access, signal } = context;
  const deadline = performance.now() + forMs;
  for (;;) {
    const members = await Promise.allSettled(target.patroni.map((url) => getMember(url, access.patroni)));
    const known = members.flatMap((each) => (each.status === 'fulfilled' ? [each.value.pause] : []));
    if (known.length > 0 && known.every((each) => each === pause)) {
      return true;
    }
    if (signal.aborted || performance.now() > deadline) {
      return false;
    }
    await sleep(100);
  }
}
