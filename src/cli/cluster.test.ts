import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PROFILE_NAMES, profileSettings } from '../lab/profiles.js';
import { main } from './main.js';

const docs = readFileSync(new URL('../../docs/own-cluster.md', import.meta.url), 'utf8');

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'pgha-cluster-'));
  writeFileSync(join(base, 'shop.yaml'), blocksOf(docs, 'yaml')[0] ?? '');
});
afterAll(() => {
  rmSync(base, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What stands between ```language and ```. */
function blocksOf(text: string, language: string): readonly string[] {
  const pattern = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g');
  return [...text.matchAll(pattern)].map(([, block = '']) => block);
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function pghaBench(...words: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    });
  }
  const code = await main(words);
  return { code, ...said };
}

describe('docs/own-cluster.md', () => {
  // To mend it, put what is rendered into the page.
  it('shows what is written for its topology', async () => {
    const out = join(base, 'shop');
    const { code, stdout } = await pghaBench('cluster', 'render', join(base, 'shop.yaml'), '--out', out);
    expect(code).toBe(0);
    expect(blocksOf(docs, 'console')[0]).toBe(
      `$ pgha-bench cluster render shop.yaml --out shop\n${stdout.replaceAll(out, 'shop')}`,
    );
    const [check, copy, ...tool] = blocksOf(readFileSync(join(out, 'README.md'), 'utf8'), 'sh');
    const host = blocksOf(readFileSync(join(out, 'pg1', 'steps.md'), 'utf8'), 'sh');
    expect(host).toHaveLength(6);
    expect(blocksOf(docs, 'sh')).toEqual([check, copy, ...host, ...tool]);
  });

  it('says of each setting of a profile what it is, and why', () => {
    for (const name of PROFILE_NAMES) {
      const rows = Object.entries(profileSettings(name, '4.1')).map(
        ([setting, { value, reason }]) => `| \`${setting}\` | ${value} | ${reason} |`,
      );
      expect(docs).toContain(`### ${name}\n\n| setting | value | why |\n|---|---|---|\n${rows.join('\n')}\n`);
    }
  });
});

describe('pgha-bench cluster render', () => {
  it('prints nothing wider than a terminal, and no password', async () => {
    const out = join(base, 'again');
    const { stdout, stderr } = await pghaBench('cluster', 'render', join(base, 'shop.yaml'), '--out', out);
    expect(
      Math.max(
        ...stdout
          .replaceAll(out, 'again')
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(81);
    const passwords = readFileSync(join(out, 'passwords.env'), 'utf8').matchAll(/_PASSWORD=(.*)$/gm);
    const values = [...passwords].map(([, value = '']) => value);
    expect(values).toHaveLength(6);
    expect(values.filter((value) => `${stdout}${stderr}`.includes(value))).toEqual([]);
  });

  it.each([
    [[], 'pgha-bench: Expected a file that describes the cluster, found none. '],
    [['shop.yaml'], 'pgha-bench: Expected --out DIR, a directory to write into, found none.\n'],
    [['shop.yaml', '--out', 'x', '--profile', 'sage'], "found 'sage'. Did you mean 'safe'?"],
    [
      ['/nowhere.yaml', '--out', 'x'],
      '/nowhere.yaml: there is no such file. docs/own-cluster.md shows one.\n',
    ],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await pghaBench('cluster', 'render', ...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(readdirSync('.')).not.toContain('x');
  });
});
