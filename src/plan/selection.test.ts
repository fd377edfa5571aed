import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { type Choice, readSelections, SELECTION_OPTIONS } from './selection.js';

const selected = (...choices: readonly Choice[]) =>
  readSelections(choices).map(({ kind, name, weight }) => [kind, name, weight]);

describe('readSelections', () => {
  it('keeps the order in which things were named', () => {
    expect(
      selected(
        { option: 'workload', text: 'tpcb' },
        { option: 'file', text: 'a.sql@3' },
        { option: 'builtin', text: 'se@0' },
        { option: 'simple-update', text: 'true' },
        { option: 'mix', text: 'tpcb@1, ./mine.js@9' },
        { option: 'select-only', text: 'true' },
        { option: 'file', text: '-' },
      ),
    ).toEqual([
      ['workload', 'tpcb', 1],
      ['script', 'a.sql', 3],
      ['builtin', 'se', 0],
      ['builtin', 'simple-update', 1],
      ['workload', 'tpcb', 1],
      ['workload', './mine.js', 9],
      ['builtin', 'select-only', 1],
      ['script', '-', 1],
    ]);
  });

  it('takes the last @ for the weight, but not one of a folder', () => {
    expect(selected({ option: 'file', text: 'a@b@2' })).toEqual([['script', 'a@b', 2]]);
    expect(selected({ option: 'file', text: './v@2/a.sql' })).toEqual([['script', './v@2/a.sql', 1]]);
  });

  it('says what can be named when nothing was', () => {
    expect(() => readSelections([])).toThrow(
      /^Expected something to run, found nothing\. .*run tpcb.*-f FILE/,
    );
  });

  it.each<[Choice['option'], string, string]>([
    ['builtin', 'tpcb@x', "--builtin: expected a weight of 0 to 2147483647 behind the @, found 'tpcb@x'."],
    ['builtin', 'tpcb@', 'expected a weight'],
    ['file', 'a.sql@-1', '--file: expected a weight'],
    ['file', 'a.sql@1.5', '--file: expected a weight'],
    ['workload', 'tpcb@2147483648', 'expected a weight'],
    ['mix', 'tpcb,,select-only', '--mix: expected NAME@WEIGHT'],
    ['mix', '@3', '--mix: expected NAME@WEIGHT'],
  ])('refuses --%s %s', (option, text, message) => {
    expect(() => readSelections([{ option, text }])).toThrow(UserError);
    expect(() => readSelections([{ option, text }])).toThrow(message);
  });

  it('throws nothing but its own error, whatever it is given', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SELECTION_OPTIONS), fc.string(), (option, text) => {
        try {
          for (const { name, weight } of readSelections([{ option, text }])) {
            expect(name).not.toBe('');
            expect(Number.isSafeInteger(weight) && weight >= 0).toBe(true);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});
