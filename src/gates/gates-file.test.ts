import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { parseGatesFile, readGatesFile } from './gates-file.js';

describe('a file of gates', () => {
  it('holds expressions, and why they are asked for', () => {
    const gates = parseGatesFile(
      `# what we promise
gates:
  - write_downtime.p95 < 10s
  - errors[25006].count == 0 # through HAProxy
  - "tps@after >= 95% of before"
  - gate: lost == 0
    why: an acknowledged commit survives
`,
      'gates.yaml',
    );
    expect(gates.map(({ expression, why }) => [expression, why])).toEqual([
      ['write_downtime.p95 < 10s', undefined],
      ['errors[25006].count == 0', undefined],
      ['tps@after >= 95% of before', undefined],
      ['lost == 0', 'an acknowledged commit survives'],
    ]);
  });

  it.each([
    ['', "gates.yaml: expected a list of gates under 'gates:', found nothing."],
    ['gates:\n', "line 1: expected a list of gates under 'gates:', found nothing."],
    [
      'gates: []',
      "line 1: expected a list of gates under 'gates:', found an empty one, which would always pass.",
    ],
    ['{}', "line 1: expected a list of gates under 'gates:', found none."],
    ['- lost == 0', "line 1: expected a list of gates under 'gates:', found a list alone."],
    ['lost == 0', "line 1: expected a list of gates under 'gates:', found 'lost == 0'."],
    ['gate:\n  - lost == 0', "line 1: expected 'gates:', found 'gate'. Did you mean 'gates'?"],
    [
      'gates:\n - gate: lost == 0\n   whi: x',
      "line 3: expected 'gate:' or 'why:', found 'whi'. Did you mean 'why'?",
    ],
    ['gates:\n - gate: lost == 0\n   gate: tps > 0', 'line 3: expected YAML: map keys must be unique.'],
    ['gates: [lost == 0]\ngates: [lost == 0]', 'line 2: expected YAML: map keys must be unique.'],
    ['gates:\n\t- lost == 0', 'line 2: expected YAML: tabs are not allowed as indentation.'],
    ['gates:\n - !x lost == 0', 'line 2: expected YAML: unresolved tag: !x.'],
    ['gates: [lost == 0]\n---\ngates: []', 'line 2: expected YAML: found more than one document.'],
    ['gates:\n - lost == 0\n - 5', "line 3: expected a gate such as 'write_downtime.p95 < 10s', found '5'."],
    ['gates:\n - [lost == 0]', "line 2: expected a gate such as 'write_downtime.p95 < 10s', found a list."],
    ['gates:\n - why: because', "line 2: expected 'gate:' with an expression, found none."],
    ['gates:\n - gate: lost == 0\n   why: [5]', "line 3: expected a text behind 'why:', found a list."],
    [
      'gates:\n - lost == 0\n - los == 0',
      "line 3: there is no metric 'los'. Did you mean 'lost'? 'pgha-bench gate --list' names them all.\n  los == 0\n  ^",
    ],
  ])('is told where it is wrong: %j', (text, message) => {
    expect(() => parseGatesFile(text, 'gates.yaml')).toThrow(
      new UserError(message.startsWith('line') ? `gates.yaml, ${message}` : message),
    );
  });

  it('throws nothing but a UserError, whatever is in it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), yamlPieces()), (text) => {
        try {
          parseGatesFile(text, 'gates.yaml');
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('that is not there is said so', async () => {
    await expect(readGatesFile('no/such.yaml')).rejects.toThrow(
      new UserError('--gates: expected a file of gates, no/such.yaml: there is no such file.'),
    );
  });
});

function yamlPieces(): fc.Arbitrary<string> {
  const words = [
    'gates:',
    ' ',
    '\n',
    '\n  ',
    '- ',
    'lost == 0',
    'gate: ',
    'why: ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '<<: ',
    '!x ',
    '? ',
    '"',
    '|',
    '#',
    '---\n',
    '%',
    '5',
    'null',
    '\t',
  ];
  return fc.array(fc.constantFrom(...words)).map((all) => all.join(''));
}
