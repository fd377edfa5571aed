import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { readSelections, type SelectionOption } from '../plan/selection.js';
import { type Composition, compose } from './compose.js';
import { noSchema } from './no-schema.js';
import { findOption, givenTo, hasText, parseDefinitions, runOptions } from './options.js';
import { ScriptError } from './pgbench/script-error.js';
import { findWorkload } from './registry.js';
import type { Script, Workload } from './workload.js';
import { type PlanContext, planWorkload } from './workload-plan.js';

const folder = mkdtempSync(join(tmpdir(), 'pgha-compose-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function composed(...choices: readonly (readonly [SelectionOption, string])[]): Promise<Composition> {
  const stdin = async () => 'SELECT 3;';
  return compose(readSelections(choices.map(([option, text]) => ({ option, text }))), stdin);
}

const CONTEXT: PlanContext = {
  options: { scale: 1 },
  variables: {},
  protocol: 'prepared',
  seed: 1,
  route: undefined,
  readOnly: true,
};

function madeOf(name: string, ...scripts: readonly Script[]): Workload {
  return { name, aliases: [], summary: '', options: [], schema: noSchema, scripts, url: 'file:///mine.js' };
}

const select = (name: string, weight: number): Script => ({ name, weight, route: 'ro', text: 'SELECT 1;' });

async function weightsIn(...parts: readonly (readonly [number, Workload])[]): Promise<readonly number[]> {
  const composition = {
    name: 'x',
    parts: parts.map(([weight, workload]) => ({ weight, workload, words: workload.name })),
  };
  return (await planWorkload(composition, CONTEXT)).scripts.map(({ weight }) => weight);
}

describe('compose', () => {
  it('loads workloads, scripts of pgbench, files and the standard input, and joins their names', async () => {
    const path = file('mine.sql', 'SELECT 2;');
    const composition = await composed(
      ['workload', 'tpcb'],
      ['file', `${path}@3`],
      ['builtin', 'se'],
      ['file', '-'],
      ['workload', path],
    );
    expect(composition.name).toBe('tpcb+mine+select-only+stdin+mine');
    expect(composition.parts.map(({ weight, words }) => [weight, words])).toEqual([
      [1, 'tpcb'],
      [3, `--file ${path}`],
      [1, 'select-only'],
      [1, '--file -'],
      [1, `--workload ${path}`],
    ]);
    const { scripts } = await planWorkload(composition, CONTEXT);
    expect(scripts.map(({ name, weight }) => [name, weight])).toEqual([
      ['tpcb', 1],
      [path, 3],
      ['select-only', 1],
      ['stdin', 1],
      [`${path}#2`, 1],
    ]);
    expect(scripts[3]?.source).toEqual({ kind: 'text', text: 'SELECT 3;' });
  });

  it('names file and script in what is wrong in a module, and the script alone in the plan', async () => {
    const module = (name: string, script: string, schema = 'none') =>
      file(
        name,
        `export default { name: 'm', summary: 's', schema: '${schema}',
          scripts: [{ name: 'a', weight: 1, route: 'rw', ${script} }] };`,
      );
    const bad = module('text.mjs', "text: 'SELECT 1;\\n\\\\set x 1 +'");
    const group = module('event.mjs', "event: ['begn']", 'sysbench');
    const good = module('good.mjs', "text: 'SELECT 1;'");
    const planned = async (path: string) => planWorkload(await composed(['workload', path]), CONTEXT);
    await expect(planned(bad)).rejects.toThrow(`${bad}, script a:2:`);
    await expect(planned(group)).rejects.toThrow(`The event of ${group}, script a names the group 'begn'`);
    expect((await planned(good)).scripts[0]?.name).toBe('a');
  });

  it('has a name that fits a folder, however many there are', async () => {
    const { name } = await composed(['mix', Array(30).fill('tpcb').join(',')]);
    expect(name).toMatch(/^(tpcb\+){16}14-more$/);
  });

  it.each<[string, readonly [SelectionOption, string][], string]>([
    [
      'an unknown workload',
      [['mix', 'tpcb,selectonly']],
      "There is no workload 'selectonly'. Did you mean 'select-only'?",
    ],
    [
      'an unknown script',
      [['builtin', 'foo']],
      "--builtin: 'foo' is none of pgbench. There are select-only, simple-update, tpcb",
    ],
    ['half a name', [['builtin', 's']], "--builtin: 's' may be select-only or simple-update."],
    ['a workload as script of pgbench', [['builtin', 'oltp_read_only']], 'is none of pgbench'],
    ['a file that is not there', [['file', './nope']], "There is no file './nope'."],
    ['a module as script', [['file', './mine.js']], 'Use --workload ./mine.js.'],
    [
      'the standard input twice',
      [
        ['file', '-'],
        ['file', '-'],
      ],
      'expected - once',
    ],
    ['weights of 0', [['mix', 'tpcb@0,select-only@0']], 'The scripts have a weight of 0 in total'],
    ['too many', Array(129).fill(['builtin', 'tpcb']), 'A run takes at most 128 scripts, found 129.'],
  ])('refuses %s', async (_, choices, message) => {
    const thrown = await composed(...choices).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(UserError);
    expect(String(thrown)).toContain(message);
  });
});

describe('weights', () => {
  it('stay as they were given where each part has one script', async () => {
    expect(await weightsIn([2, madeOf('a', select('a', 1))], [4, madeOf('b', select('b', 1))])).toEqual([
      2, 4,
    ]);
    expect(await weightsIn([2, madeOf('a', select('a', 7))], [0, madeOf('b', select('b', 1))])).toEqual([
      2, 0,
    ]);
  });

  it('stay as they are within a workload alone', async () => {
    expect(await weightsIn([1, madeOf('a', select('a', 20), select('b', 60))])).toEqual([20, 60]);
  });

  it('share the weight of a part by those within it, in whole numbers', async () => {
    const two = madeOf('a', select('a', 1), select('b', 2));
    const four = madeOf('b', select('c', 3), select('d', 1));
    // 1 : 1 of both workloads, in twelfths: 4 + 8 = 12 and 9 + 3 = 12.
    expect(await weightsIn([1, two], [1, four])).toEqual([4, 8, 9, 3]);
    expect(await weightsIn([5, two], [3, madeOf('e', select('e', 1))])).toEqual([5, 10, 9]);
  });
});

describe('planWorkload', () => {
  it('says of each script where it comes from, where it goes and whether it writes', async () => {
    const own = madeOf('own', select('text', 1), {
      name: 'fn',
      weight: 1,
      route: 'rw',
      writes: true,
      run: async () => undefined,
    });
    const event = await findWorkload('oltp_point_select');
    const composition = {
      name: 'own+event',
      parts: [
        { weight: 1, workload: { ...own, scripts: own.scripts.slice(0, 1) }, words: 'own' },
        { weight: 1, workload: event, words: 'oltp_point_select' },
      ],
    };
    const plan = await planWorkload(composition, { ...CONTEXT, variables: { a: '1' } });
    expect(plan).toMatchObject({ name: 'own+event', options: { scale: 1 }, variables: { a: '1' } });
    expect(plan.scripts).toEqual([
      { name: 'text', weight: 1, route: 'ro', writes: false, source: { kind: 'text', text: 'SELECT 1;' } },
      {
        name: 'oltp_point_select',
        weight: 1,
        route: 'ro',
        writes: false,
        source: { kind: 'event', groups: ['point_select'] },
      },
    ]);
  });

  it('names the file of a function, which each thread loads by itself', async () => {
    const path = file(
      'fn.mjs',
      `export default { name: 'f', summary: 's', schema: 'none',
        scripts: [{ name: 'fn', weight: 1, route: 'rw', writes: true, run: async () => undefined }] };`,
    );
    const { scripts } = await planWorkload(await composed(['workload', path]), CONTEXT);
    expect(scripts).toMatchObject([
      {
        name: 'fn',
        writes: true,
        source: { kind: 'function', script: 'fn', url: expect.stringMatching(/fn\.mjs$/) },
      },
    ]);
    await expect(
      planWorkload(await composed(['workload', path]), { ...CONTEXT, route: 'ro' }),
    ).rejects.toThrow('--route: fn writes');
  });

  it('sends readers to the read-only port where there is one, and all where --route says', async () => {
    const mix = await composed(['mix', 'tpcb,select-only']);
    const routes = async (context: Partial<PlanContext>) =>
      (await planWorkload(mix, { ...CONTEXT, ...context })).scripts.map(({ route }) => route);
    expect(await routes({})).toEqual(['rw', 'ro']);
    expect(await routes({ readOnly: false })).toEqual(['rw', 'rw']);
    expect(await routes({ route: 'rw' })).toEqual(['rw', 'rw']);
    await expect(routes({ route: 'ro' })).rejects.toThrow(
      '--route: tpcb writes, which the read-only endpoint',
    );
    await expect(routes({ route: 'ro', readOnly: false })).rejects.toThrow(
      'the target has no read-only endpoint',
    );
    const path = file('reads.sql', 'SELECT unknown_function();');
    const reads = await planWorkload(await composed(['file', path]), { ...CONTEXT, route: 'ro' });
    expect(reads.scripts.map(({ route }) => route)).toEqual(['ro']);
  });

  it('tells of what is wrong in a script by file, line and column, with the line', async () => {
    const path = file('broken.sql', 'SELECT 1;\n\\set x random(1,\nSELECT :x;\n');
    const thrown = await planWorkload(await composed(['file', path]), CONTEXT).catch(
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(ScriptError);
    const [place, line, caret] = String(thrown).split('\n');
    expect(place).toContain(`${path}:2:`);
    expect(line).toBe('\\set x random(1,');
    expect(caret?.trim()).toBe('^');
  });

  it('refuses a variable that nothing sets in simple mode, unless -D does', async () => {
    const mix = await composed(['file', file('var.sql', 'SELECT :nope;')]);
    const simple = { ...CONTEXT, protocol: 'simple' } as const;
    await expect(planWorkload(mix, simple)).rejects.toThrow('nothing sets the variable "nope"');
    expect((await planWorkload(mix, { ...simple, variables: { nope: '1' } })).scripts).toHaveLength(1);
  });
});

describe('runOptions', () => {
  it('has what was given, what the tables decide, and defaults, but not what only init has', async () => {
    const mix = await composed(['mix', 'tpcb,select-only,oltp_read_only']);
    const options = runOptions(mix, { 'table-size': '50', 'skip-trx': 'on' }, { scale: 12 });
    expect(options).toMatchObject({ scale: 12, 'table-size': 50, 'skip-trx': true, tables: 1 });
    expect(Object.keys(options)).not.toContain('fillfactor');
    expect(Object.keys(options)).not.toContain('no-vacuum');
    expect(runOptions(mix, { 'no-vacuum': 'true' })).toMatchObject({ 'no-vacuum': true });
  });

  it('gives scripts without tables the scale that was given, or 1, and events none', async () => {
    const script = await composed(['file', '-']);
    expect(runOptions(script, {})).toEqual({ scale: 1 });
    expect(runOptions(script, { scale: '7' })).toEqual({ scale: 7 });
    expect(() => runOptions(script, { scale: '0' })).toThrow(
      "--scale: expected a whole number of at least 1, found '0'.",
    );
    const event = await composed(['workload', 'oltp_read_only']);
    expect(hasText(event)).toBe(false);
    expect(runOptions(event, {})).not.toHaveProperty('scale');
  });

  it('refuses two workloads that have one option with two defaults, until it is given', () => {
    const option = { name: 'rows', type: 'number', default: 1, summary: '' } as const;
    const one = { ...madeOf('one', select('a', 1)), options: [option] };
    const two = { ...madeOf('two', select('b', 1)), options: [{ ...option, default: 2 }] };
    const mix = {
      name: 'one+two',
      parts: [one, two].map((workload) => ({ workload, weight: 1, words: '' })),
    };
    expect(() => runOptions(mix, {})).toThrow('--rows: one has 1 by default and two has 2. Say which');
    expect(runOptions(mix, { rows: '5' })).toEqual({ rows: 5, scale: 1 });
  });

  it('finds options by either spelling, and by letter', async () => {
    const workload = await findWorkload('oltp_read_only');
    expect(findOption(workload, 'table_size')?.name).toBe('table-size');
    expect(findOption(workload, 'table-size')?.name).toBe('table-size');
    expect(findOption(await findWorkload('tpcb'), 's')?.name).toBe('scale');
    expect(findOption(workload, 's')).toBeUndefined();
    expect(givenTo(workload, { 'table-size': '5', scale: '3' })).toEqual({ 'table-size': '5' });
  });
});

describe('parseDefinitions', () => {
  it('reads names and values, the last of a name', () => {
    expect(parseDefinitions(['a=1', 'b=x=y', 'c=', 'a=2'])).toEqual({ a: '2', b: 'x=y', c: '' });
  });

  it.each([
    ['foo', "--define: expected NAME=VALUE, such as -D branch=3, found 'foo'."],
    ['1x=3', "--define: expected a name of letters, digits and _, no digit first, found '1x'."],
    ['=3', 'expected a name'],
  ])('refuses %s', (text, message) => {
    expect(() => parseDefinitions([text])).toThrow(message);
  });
});
