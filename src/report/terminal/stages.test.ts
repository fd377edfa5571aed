import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Stage, StageKind } from '../../result/round.js';
import { stageLines } from './stages.js';
import { styleOf } from './text.js';

const KINDS: readonly StageKind[] = [
  'leader_key_gone',
  'leader_key_taken',
  'promoted',
  'proxy_up',
  'first_connection',
  'first_commit',
  'steady',
];

/** Up to a quarter of an hour, which is beyond what settings that anybody runs imply. */
const millis = fc.double({ min: 0, max: 900_000, noNaN: true });
/** Without an n: `null` and `undefined` are looked for in what is made of them. */
const word = fc.stringMatching(/^[a-mo-z]{1,30}$/);
const sentence = fc.array(word, { minLength: 1, maxLength: 30 }).map((words) => words.join(' '));

const stage: fc.Arbitrary<Stage> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    atMs: fc.option(millis),
    tookMs: fc.option(fc.double({ min: -9000, max: 900_000, noNaN: true })),
    uncertaintyMs: millis,
    source: fc.option(sentence),
    missing: fc.option(sentence),
    predicted: fc.option(fc.record({ minMs: millis, maxMs: fc.option(millis) })),
  })
  .map((made) => ({ ...made, tookMs: made.atMs === null ? null : made.tookMs }));

describe('the steps of a failover', () => {
  it.each([true, false])('fit into 80 columns, whatever they took (unicode: %s)', (unicode) => {
    const style = styleOf({ columns: 80, color: false, unicode });
    fc.assert(
      fc.property(fc.array(stage), fc.option(sentence), (stages, dominated) => {
        const lines = stageLines(stages, 20_000, dominated, style);
        expect(lines.filter((line) => [...line].length > 80)).toEqual([]);
        expect(lines.join('\n')).not.toMatch(/NaN|null|undefined/);
      }),
    );
  });

  it('are nothing where nothing is known', () => {
    const style = styleOf({ columns: 80, color: false, unicode: true });
    expect(stageLines([], 20_000, null, style)).toEqual([]);
  });
});
