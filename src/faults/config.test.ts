import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonObject, objectOf } from '../cluster/json.js';
import { inverseOf, wordsOf } from './settings.js';

describe('inverseOf', () => {
  it('brings any configuration back, whatever was patched', () => {
    const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.constantFrom('a', 'b'));
    const name = fc.constantFrom('ttl', 'x', 'y', 'z');
    const level = fc.dictionary(name, leaf, { maxKeys: 3 });
    const config = fc.dictionary(name, fc.oneof(leaf, level), { maxKeys: 3 });
    // An empty object is left where a whole one was new: Patroni has no use for it either way.
    const patch = fc.dictionary(name, fc.oneof(leaf, fc.constant(null), level), { minKeys: 1, maxKeys: 3 });
    fc.assert(
      fc.property(config, patch, (before, change) => {
        const after = patched(before, change);
        expect(patched(after, inverseOf(change, before))).toEqual(before);
      }),
    );
  });

  it('of what was not there names what was asked, and removes it', () => {
    const patch = { ttl: 20, postgresql: { parameters: { work_mem: '8MB' } } };
    expect(wordsOf(inverseOf(patch, {}), patch)).toBe('ttl=null postgresql.parameters.work_mem');
  });
});

describe('wordsOf', () => {
  it('tells plain values of the top level, and names the others', () => {
    const patch = {
      ttl: 20,
      failsafe_mode: true,
      mode: 'quorum',
      long: 'x'.repeat(41),
      list: ['secret'],
      none: null,
      postgresql: { parameters: { work_mem: 'secret' }, x: null, empty: {} },
    };
    expect(wordsOf(patch)).toBe(
      'ttl=20 failsafe_mode=true mode="quorum" long list none=null postgresql.parameters.work_mem postgresql.x postgresql.empty',
    );
  });

  it('tells nothing of a subtree that is set back', () => {
    const before = { postgresql: { authentication: { password: 'secret' } }, slots: { secret: {} } };
    for (const patch of [
      { postgresql: null, slots: 1 },
      { postgresql: { authentication: null }, slots: 'x' },
      { postgresql: { authentication: { password: 'new secret' } } },
    ]) {
      expect(wordsOf(inverseOf(patch, before), patch)).not.toContain('secret');
      expect(wordsOf(patch)).not.toContain('secret');
    }
  });
});

/** As Patroni patches: null removes, an object goes into an object, anything else replaces. */
function patched(config: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...config };
  for (const [name, value] of Object.entries(patch)) {
    const [old, inner] = [objectOf(result[name]), objectOf(value)];
    if (value === null) {
      delete result[name];
    } else if (old !== null && inner !== null) {
      result[name] = patched(old, inner);
    } else {
      result[name] = value;
    }
  }
  return result;
}
