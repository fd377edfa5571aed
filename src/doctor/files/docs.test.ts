import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FILE_FLAGS, listFileChecks } from '../../api/doctor-files.js';

const PAGE = readFileSync(new URL('../../../docs/doctor-files.md', import.meta.url), 'utf8');

describe('docs/doctor-files.md', () => {
  it('lists all checks, in the words that they have', () => {
    const rows = listFileChecks().map(({ id, layer, about }) => `| \`${id}\` | ${layer} | ${about} |`);
    const table = ['| check | of | what must be so |', '|---|---|---|', ...rows].join('\n');
    const found = /<!-- checks -->\n([\s\S]*?)\n?<!-- \/checks -->/.exec(PAGE)?.[1];
    expect(found).toBe(table);
  });

  it('names all options', () => {
    for (const name of Object.keys(FILE_FLAGS)) {
      expect(PAGE).toContain(`\`--${name} `);
    }
  });

  it('has checks with ids of their own', () => {
    const ids = listFileChecks().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^file-[a-z]+(-[a-z]+)*$/.test(id))).toEqual([]);
  });
});
