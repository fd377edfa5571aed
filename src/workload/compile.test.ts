import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type CompileContext, compilePrograms, variablesOf } from './compile.js';
import { ScriptError } from './pgbench/script-error.js';

const folder = mkdtempSync(join(tmpdir(), 'pgha-compile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONTEXT: CompileContext = { protocol: 'prepared', options: {}, variables: {}, seed: 1 };

const text = (name: string, script: string) => ({ name, source: { kind: 'text', text: script } }) as const;

describe('compilePrograms', () => {
  it('keeps the order of the scripts, and gives all of them the same variables', async () => {
    const scripts = [text('sets', '\\set x 1\nSELECT 1;'), text('uses', 'UPDATE t SET a = :x;')];
    const [sets, uses] = await compilePrograms(scripts, CONTEXT);
    expect([sets?.writes, uses?.writes]).toEqual([false, true]);
    expect(uses?.slots).toEqual(sets?.slots);
    expect(uses?.statements[0]?.parameters).toEqual([uses?.slots.indexOf('x')]);
  });

  it('takes a function from its file, between scripts that are texts', async () => {
    const file = join(folder, 'mine.mjs');
    writeFileSync(
      file,
      'export default { scripts: [{ name: "mine", writes: true, run: async () => "called" }] };',
    );
    const source = { kind: 'function', url: pathToFileURL(file).href, script: 'mine' } as const;
    const scripts = [text('one', 'SELECT 1;'), { name: 'mine#2', source }, text('two', 'SELECT 2;')];
    const programs = await compilePrograms(scripts, CONTEXT);
    expect(programs.map(({ steps }) => steps.map((step) => step.op))).toEqual([
      ['sql'],
      ['function'],
      ['sql'],
    ]);
    expect(programs.map(({ writes }) => writes)).toEqual([false, true, false]);
    expect(programs[2]?.statements[0]?.text).toContain('2');
  });

  it('refuses what is wrong in a script, by its place', async () => {
    const failed = compilePrograms([text('f.sql', 'SELECT 1;\n\\set x 1 +\n')], CONTEXT);
    await expect(failed).rejects.toThrow(ScriptError);
    await expect(failed).rejects.toThrow(/^f\.sql:2:/);
  });

  it('lets a script use options and what -D sets', async () => {
    const scripts = [text('f', '\\set y :range_size + :other\nSELECT :y;')];
    const programs = await compilePrograms(scripts, {
      ...CONTEXT,
      options: { 'range-size': 3 },
      variables: { other: '1' },
    });
    expect(programs).toHaveLength(1);
    await expect(compilePrograms(scripts, CONTEXT)).rejects.toThrow('nothing sets the variable "range_size"');
  });
});

describe('variablesOf', () => {
  it('has the options, and -D above them', () => {
    const variables = variablesOf({ options: { 'table-size': 10, scale: 2 }, variables: { scale: '7' } });
    expect([...variables]).toEqual([
      ['table_size', 10],
      ['scale', '7'],
    ]);
  });
});
