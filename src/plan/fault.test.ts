import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { type FaultKind, parseFault, parseFaults } from './fault.js';

const KINDS: readonly FaultKind[] = [
  { kind: 'switchover', options: [{ name: 'candidate' }] },
  { kind: 'kill-node', options: [] },
  { kind: 'freeze-node', options: [{ name: 'for', isFirst: true, type: 'duration' }, { name: 'node' }] },
  { kind: 'restart', options: [{ name: 'role', isFirst: true, choices: ['leader', 'replica'] }] },
  {
    kind: 'config',
    options: [
      { name: 'set', isFirst: true },
      { name: 'SETTING', any: true },
    ],
  },
  { kind: 'exec', options: [{ name: 'command', isFirst: true, required: true }, { name: 'undo' }] },
  { kind: 'pick', options: [{ name: 'SETTING', any: true, required: true }] },
];

const parse = (text: string) => parseFault(text, KINDS, 40_000);
const optionsOf = (text: string) => parse(text)?.options;

describe('parseFault', () => {
  it('takes a value without its name where one may stand so', () => {
    expect(parse('freeze-node:10s@20s')).toEqual({
      kind: 'freeze-node',
      atMs: 20_000,
      options: { for: '10s' },
    });
    expect(optionsOf('freeze-node:10s,node=n2@20s')).toEqual({ for: '10s', node: 'n2' });
    expect(optionsOf('freeze-node:node=n2,for=10s')).toEqual({ for: '10s', node: 'n2' });
    expect(optionsOf('restart:replica@1s')).toEqual({ role: 'replica' });
  });

  it('takes what stands in quotes as it is', () => {
    expect(parse(`exec:'sleep 1, then a=b: @5s'@20s`)).toEqual({
      kind: 'exec',
      atMs: 20_000,
      options: { command: 'sleep 1, then a=b: @5s' },
    });
    expect(optionsOf(`exec:"it's",undo='say "x"'`)).toEqual({ command: "it's", undo: 'say "x"' });
    expect(optionsOf(`exec:'it''s'@1s`)).toEqual({ command: "it's" });
    expect(optionsOf(`exec:command='a'@1s`)).toEqual({ command: 'a' });
    expect(optionsOf(`config:set='{"ttl":20,"loop_wait":5}'@10s`)).toEqual({
      set: '{"ttl":20,"loop_wait":5}',
    });
  });

  it('takes the time from behind the last @ alone', () => {
    expect(parse('exec:ssh root@db true@20s')).toMatchObject({
      atMs: 20_000,
      options: { command: 'ssh root@db true' },
    });
    expect(parse('exec:ssh root@db')).toMatchObject({ atMs: 20_000, options: { command: 'ssh root@db' } });
    expect(parse('exec:ssh root@db@5s')).toMatchObject({ atMs: 5000, options: { command: 'ssh root@db' } });
  });

  it('takes settings of any name where a fault does', () => {
    expect(parse('config:loop_wait=5,ttl=20@10s')).toEqual({
      kind: 'config',
      atMs: 10_000,
      options: { loop_wait: '5', ttl: '20' },
    });
    expect(optionsOf('config:postgresql.parameters.work_mem=8MB')).toEqual({
      'postgresql.parameters.work_mem': '8MB',
    });
    expect(Object.entries(optionsOf('config:__proto__=1') ?? {})).toEqual([['__proto__', '1']]);
  });

  it.each([
    ['freeze-node:soon@20s', 'for: expected a duration'],
    ['freeze-node:10@20s', 'for: expected a duration'],
    ['freeze-node:0s@20s', 'more than nothing'],
    ['freeze-node:for@20s', 'expected a value, freeze-node:for=VALUE'],
    ['freeze-node:10s,5s@20s', "has for or node, found '5s'"],
    ['freeze-node:10s,for=5s@20s', 'for once'],
    ['freeze-node:nod=n2@20s', "Did you mean 'node'?"],
    ['freeze-node:10s@2x', 'expected a duration'],
    ['switchover:candidate=n2@2x', 'expected a duration'],
    ['restart:raplica@1s', "expected leader or replica, found 'raplica'. Did you mean 'replica'?"],
    ['exec@20s', "exec needs command, found none. Use exec:'COMMAND'."],
    ["exec:undo='x'@20s", 'exec needs command'],
    [`exec:'x@20s`, "expected a closing ' in"],
    [`exec:'x'y@20s`, "behind the quoted value in 'exec:'x'y@20s', found 'y@20s'"],
    ['exec:@20s', 'expected a value, exec:command=VALUE'],
    ["exec:''@20s", 'expected a value'],
    ['pick@1s', 'pick needs at least one option'],
    ['freze-node@20s', "'pgha-bench faults' lists, or none, found 'freze-node'. Did you mean 'freeze-node'?"],
  ])('refuses %s', (text, message) => {
    expect(() => parse(text)).toThrow(UserError);
    expect(() => parse(text)).toThrow(message);
  });

  it('gives back any value that was put into quotes', () => {
    const value = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(value, value, fc.constantFrom("'", '"'), fc.boolean(), (command, undo, quote, hasTime) => {
        const quoted = (text: string) => quote + text.replaceAll(quote, quote + quote) + quote;
        const text = `exec:${quoted(command)},undo=${quoted(undo)}${hasTime ? '@7s' : ''}`;
        expect(parse(text)).toEqual({
          kind: 'exec',
          atMs: hasTime ? 7000 : 20_000,
          options: { command, undo },
        });
      }),
    );
  });

  it('gives back any options, in any order, and finds nothing where there is nothing', () => {
    const plain = fc.stringMatching(/^[A-Za-z0-9._/-]{1,12}$/);
    const settings = fc.dictionary(fc.stringMatching(/^[a-z_][a-z_.]{0,9}$/), plain, {
      minKeys: 1,
      maxKeys: 5,
    });
    fc.assert(
      fc.property(settings, (options) => {
        const text = Object.entries(options).map(([name, value]) => `${name}=${value}`);
        expect(optionsOf(`config:${text.join(',')}@1s`)).toEqual(options);
      }),
    );
  });

  it('understands any text, or says in one line why not', () => {
    const kind = fc.constantFrom(...KINDS.map((each) => each.kind), 'x', '');
    const rest = fc.string({ unit: fc.constantFrom(':', '@', ',', '=', "'", '"', '1s', 'for', 'n2', ' ') });
    fc.assert(
      fc.property(kind, rest, (name, text) => {
        try {
          const plan = parse(name + text);
          expect(plan?.kind).toBe(name);
          expect(plan?.atMs).toBeLessThan(40_000);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect(String(error)).not.toContain('\n');
        }
      }),
    );
  });
});

describe('parseFaults', () => {
  const kindsOf = (...texts: string[]) => parseFaults(texts, KINDS, 40_000).map(({ kind }) => kind);

  it('puts them in the order of their times, and leaves those of one time as they are', () => {
    expect(kindsOf('kill-node@20s', 'switchover@5s')).toEqual(['switchover', 'kill-node']);
    expect(kindsOf('kill-node', 'switchover@20s', 'restart@20s')).toEqual([
      'kill-node',
      'switchover',
      'restart',
    ]);
  });

  it('has none for none, and for nothing', () => {
    expect(kindsOf('none')).toEqual([]);
    expect(kindsOf()).toEqual([]);
    expect(() => kindsOf('none', 'kill-node')).toThrow('none alone');
  });
});
