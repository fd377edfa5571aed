import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { type EntryForm, fillIn, parseTargetFile } from './target-file.js';

const KEYS: Readonly<Record<string, EntryForm>> = {
  rw: 'text',
  password: 'text',
  patroni: 'text',
  'patroni-insecure': 'switch',
  etcd: 'list',
  direct: 'map',
};

const parse = (text: string) => parseTargetFile(text, 'pgha-bench.yaml', KEYS);

describe('a file of targets', () => {
  it('holds options by the names of targets, as they would be typed', () => {
    const file = parse(
      `default: staging
targets:
  staging:
    rw: postgresql://app@db/app
    password: 00123
    patroni-insecure: yes
    etcd:
      - http://e1:2379
      - http://e2:2379
    direct:
      n1: 10.0.0.1:5432
      n2: 10.0.0.2:5432
  other:
    etcd: http://e1:2379,http://e2:2379
    patroni-insecure: true
`.replace('yes', 'on'),
    );
    expect(file.default).toBe('staging');
    const texts = (name: string) =>
      Object.fromEntries(
        [...(file.targets.get(name) ?? [])].map(([key, { text, line }]) => [key, [text, line]]),
      );
    expect(texts('staging')).toEqual({
      rw: ['postgresql://app@db/app', 4],
      password: ['00123', 5],
      'patroni-insecure': ['on', 6],
      etcd: ['http://e1:2379,http://e2:2379', 8],
      direct: ['n1=10.0.0.1:5432,n2=10.0.0.2:5432', 11],
    });
    expect(texts('other')).toEqual({
      etcd: ['http://e1:2379,http://e2:2379', 14],
      'patroni-insecure': ['true', 15],
    });
  });

  it.each([
    ['', ": expected 'targets:' with a target for each name, found nothing."],
    ['- x', ", line 1: expected 'targets:' with a target for each name, found a list."],
    ['default: x', ", line 1: expected 'targets:' with a target for each name, found none."],
    [
      'target:\n  x: {}',
      ", line 1: expected 'default:' or 'targets:', found 'target'. Did you mean 'targets'?",
    ],
    [
      'targets:\n  a: { rw: x }\ndefault: b',
      ", line 3: default: expected one of the targets (a), found 'b'.",
    ],
    [
      'targets:\n  a:\n    rw: x\n    partoni: y',
      ", line 4: a target has no option 'partoni'. Did you mean 'patroni'?",
    ],
    [
      'targets:\n  a:\n    colour: y',
      ", line 3: a target has no option 'colour'. Known: rw, password, patroni, patroni-insecure, etcd, direct.",
    ],
    ['targets:\n  a:\n    rw: [x]', ', line 3: rw: expected a text, found a list.'],
    ['targets:\n  a:\n    rw: ""', ', line 3: rw: expected a text, found nothing.'],
    ['targets:\n  a:\n    rw:', ', line 3: rw: expected a text, found nothing.'],
    [
      'targets:\n  a: &x\n    rw: s\n  b: *x',
      ", line 4: expected options of target 'b', such as rw, found an alias.",
    ],
    [
      'targets:\n  a:\n    patroni-insecure: maybe',
      ', line 3: patroni-insecure: expected true or false, found something else.',
    ],
    ['targets:\n  a:\n    rw: x\n    rw: y', ', line 4: expected YAML, but a key stands there twice.'],
    [
      'targets:\n  none: { rw: x }',
      ", line 2: expected a name of letters, digits, '.', '_' or '-' for a target, found 'none'.",
    ],
    [
      'targets:\n  a:\n    password: "hunter2',
      ', line 3: expected YAML, but a character is missing, such as a quote, a comma or a bracket.',
    ],
    [
      'targets:\n  a:\n    password: !secret hunter2',
      ', line 3: expected YAML, but it is not well-formed here.',
    ],
  ])('is told where it is wrong: %j', (text, message) => {
    expect(() => parse(text)).toThrow(new UserError(`pgha-bench.yaml${message}`));
  });

  it('throws nothing but a UserError in one line, whatever is in it', () => {
    const pieces = [
      'targets:',
      'default: ',
      'a:',
      ' ',
      '\n',
      '\n  ',
      '\n    ',
      'rw: ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '!x ',
      '"',
      "'",
      '|',
      '#',
      '? ',
      '---\n',
      'null',
      '\t',
      '%',
    ];
    const text = fc.array(fc.constantFrom(...pieces, 'password: hunter2')).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (given) => {
        try {
          parse(given);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect(String(error)).not.toContain('\n');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('variables in a value', () => {
  it('are filled in once', () => {
    const env = { A: 'x', B: `\${A}$$`, EMPTY: '' };
    expect(fillIn(`\${A}-\${B}`, env, 'l')).toBe(`x-\${A}$$`);
    expect(fillIn(`$\${A} $$$$ $A $`, env, 'l')).toBe(`\${A} $$ $A $`);
    expect(fillIn(`<\${EMPTY}>`, env, 'l')).toBe('<>');
  });

  it('are told when they are not set, without the rest of the value', () => {
    expect(() => fillIn(`hunter2\${NO}`, {}, 'pgha-bench.yaml: targets.a.password')).toThrow(
      new UserError(
        'pgha-bench.yaml: targets.a.password: the environment variable NO is not set. Set NO, or write $$ for a literal $.',
      ),
    );
    expect(() => fillIn(`\${hunter2!}`, {}, 'l')).toThrow('expected the name of a variable');
    expect(() => fillIn(`\${hunter2!}`, {}, 'l')).not.toThrow('hunter2');
  });

  it('leave every text as it was that was escaped', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fillIn(text.replaceAll('$', '$$$$'), {}, 'l')).toBe(text);
      }),
    );
  });
});
