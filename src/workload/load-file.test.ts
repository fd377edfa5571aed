import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { isFileName, loadWorkloadFile } from './load-file.js';
import { noSchema } from './no-schema.js';
import { pgbenchSchema } from './pgbench/schema.js';

const folder = mkdtempSync(join(tmpdir(), 'pgha-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('loadWorkloadFile', () => {
  it('makes a workload of a script: it says nothing of tables, and may write', async () => {
    const path = file('mine.sql', 'SELECT 1;');
    const workload = await loadWorkloadFile(path);
    expect(workload).toMatchObject({ name: 'mine', options: [], url: null });
    expect(workload.schema).toBe(noSchema);
    expect(workload.scripts).toEqual([{ name: path, weight: 1, route: 'rw', text: 'SELECT 1;' }]);
  });

  it('takes the definition of a module, with the schema that it names', async () => {
    const text = `export default { name: 'm', summary: 's', schema: 'pgbench',
      scripts: [{ name: 'a', weight: 2, route: 'ro', text: 'SELECT 1;' }] };`;
    for (const name of ['good.js', 'good.mjs']) {
      const workload = await loadWorkloadFile(file(name, text));
      expect(workload.schema).toBe(pgbenchSchema);
      expect(workload.options.map((option) => option.name)).toContain('scale');
      expect(workload.url).toMatch(/^file:.*good\.m?js$/);
    }
  });

  it.each<[string, string, string, RegExp]>([
    [
      'an import that is not there',
      'imports.mjs',
      'import "./nope.js";',
      /imports\.mjs: it could not be loaded: Cannot find module/,
    ],
    [
      'no default export',
      'none.mjs',
      'export const a = 1;',
      /none\.mjs: expected a workload as its default export/,
    ],
    ['a wrong field', 'wrong.mjs', 'export default { name: 1 };', /wrong\.mjs: name: expected a name/],
    [
      'another schema',
      'schema.mjs',
      "export default { name: 'm', summary: 's', schema: 'pg', scripts: [{ name: 'a', weight: 1, route: 'rw', text: 'SELECT 1;' }] };",
      /schema\.mjs: The workload m names the schema 'pg', which there is not/,
    ],
    [
      'another kind of file',
      'mine.txt',
      'SELECT 1;',
      /mine\.txt: expected a workload file, one of \.sql, \.js/,
    ],
  ])('tells in a line of %s', async (_, name, text, message) => {
    const path = file(name, text);
    const thrown = await loadWorkloadFile(path).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(UserError);
    expect((thrown as UserError).message).toMatch(message);
    expect((thrown as UserError).message).not.toContain('\n');
  });

  it('tells of a file that is not there, and of a folder', async () => {
    await expect(loadWorkloadFile('./nope.sql')).rejects.toThrow("There is no file './nope.sql'.");
    await expect(loadWorkloadFile('./nope.js')).rejects.toThrow("There is no file './nope.js'.");
    mkdirSync(join(folder, 'dir.sql'));
    await expect(loadWorkloadFile(join(folder, 'dir.sql'))).rejects.toThrow(
      'dir.sql: expected a file, found a directory.',
    );
  });

  // What this Node can do decides which of the two is seen.
  it('runs TypeScript where Node does, and else says which Node would', async () => {
    const path = file(
      'typed.ts',
      `const name: string = 'typed';
       export default { name, summary: 's', schema: 'none', scripts: [{ name, weight: 1, route: 'rw', text: 'SELECT 1;' }] };`,
    );
    const { typescript = false } = process.features as { readonly typescript?: unknown };
    const loaded = await loadWorkloadFile(path).then(
      ({ name }) => name,
      (error: unknown) => String(error),
    );
    expect(loaded).toBe(
      typescript === false
        ? `UserError: ${path}: this Node, ${process.version}, does not run TypeScript. Use Node 22.18 or later, or compile the file to .js.`
        : 'typed',
    );
  });
});

describe('isFileName', () => {
  it('tells files from built-ins', () => {
    for (const name of ['./mine', 'mine.sql', 'a/b', 'mine.js', 'mine.mjs', 'mine.ts', '/x/y.sql']) {
      expect(isFileName(name), name).toBe(true);
    }
    for (const name of ['tpcb', 'select-only', 'oltp_read_write', 'mine.txt']) {
      expect(isFileName(name), name).toBe(false);
    }
  });
});
