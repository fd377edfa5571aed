import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTopology } from './read-topology.js';
import { renderInto } from './render.js';
import { SHOP } from './topology.fixture.js';

let base: string;
let out: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'pgha-render-'));
  out = join(base, 'shop');
});
afterEach(async () => {
  await rm(base, { recursive: true });
});

const SHOP_TOPOLOGY = parseTopology(SHOP, 'shop.yaml');
const render = (text = SHOP, force = false) => renderInto(out, parseTopology(text, 'shop.yaml'), force);
const read = (path: string) => readFile(join(out, path), 'utf8');
const modeOf = async (path: string) => (await stat(join(out, path))).mode & 0o777;

/** Every file below the directory, but for the notes of what was written. */
async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && entry.name !== '.rendered.json')
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

describe('renderInto', () => {
  it('writes what it says that it writes, for nobody else to read', async () => {
    const { files, keptSecrets } = await render();
    expect(await filesIn(out)).toEqual(files);
    expect(keptSecrets).toBe(false);
    expect(await modeOf('.')).toBe(0o700);
    for (const path of ['passwords.env', 'pg1/etc/patroni/config.yml', 'pg1/application.sql']) {
      expect(await modeOf(path), path).toBe(0o600);
    }
    expect(await modeOf('.rendered.json')).toBe(0o600);
    expect(await modeOf('pg1/etc/default/etcd')).toBe(0o644);
  });

  it('keeps the passwords when it is rendered again, whoever changed them', async () => {
    await render();
    const before = await read('passwords.env');
    const changed = before.replace(/^REWIND_PASSWORD=.*$/m, 'REWIND_PASSWORD=chosen-by-hand');
    await writeFile(join(out, 'passwords.env'), changed);
    const { keptSecrets } = await render(SHOP.replace('profile: safe', 'profile: stock'));
    expect(keptSecrets).toBe(true);
    expect(await read('passwords.env')).toBe(changed);
    expect(await read('pg2/etc/patroni/config.yml')).toContain('password: chosen-by-hand\n');
    await render(SHOP, true);
    expect(await read('passwords.env')).toBe(changed);
  });

  it('adds what the passwords lack, and leaves the rest', async () => {
    await mkdir(out);
    await writeFile(join(out, 'passwords.env'), '# mine\nPGHA_BENCH_PASSWORD=of-before');
    await render();
    const text = await read('passwords.env');
    expect(text).toMatch(/^# mine\nPGHA_BENCH_PASSWORD=of-before\nPGHA_BENCH_PATRONI_PASSWORD=\w{36}\n/);
    expect(await read('pg1/application.sql')).toContain("PASSWORD 'of-before'");
    await render();
    expect(await read('passwords.env')).toBe(text);
    expect(await modeOf('passwords.env')).toBe(0o600);
  });

  it('does not tell a password that it refuses', async () => {
    await mkdir(out);
    await writeFile(join(out, 'passwords.env'), "REWIND_PASSWORD=it's a secret\n");
    const refused = render();
    await expect(refused).rejects.toThrow('passwords.env, line 1: expected NAME=value with 8 to 100 letters');
    await expect(refused).rejects.not.toThrow('secret');
  });

  it('overwrites neither what others wrote nor what they changed, unless they say so', async () => {
    await mkdir(out);
    await writeFile(join(out, 'README.md'), 'mine\n');
    await expect(render()).rejects.toThrow(
      `${join(out, 'README.md')} was not written by cluster render. Choose another --out, or overwrite with --force.`,
    );
    expect(await filesIn(out)).toEqual(['README.md']);
    await render(SHOP, true);
    expect(await read('README.md')).toContain('# The cluster shop');

    await writeFile(join(out, 'pg1/etc/haproxy/haproxy.cfg'), 'mine\n');
    const other = SHOP.replace('profile: safe', 'profile: stock');
    await expect(render(other)).rejects.toThrow(
      'haproxy.cfg was changed since it was written by cluster render.',
    );
    expect(await read('pg2/etc/haproxy/haproxy.cfg')).toContain('rise 4');
    await render(other, true);
    expect(await read('pg1/etc/haproxy/haproxy.cfg')).toContain('rise 2');
  });

  it('follows no link that stands in the way', async () => {
    await mkdir(out);
    await writeFile(join(base, 'precious'), 'precious\n');
    await symlink(join(base, 'precious'), join(out, 'README.md'));
    await expect(render()).rejects.toThrow('README.md was not written by cluster render.');
    await render(SHOP, true);
    expect(await readFile(join(base, 'precious'), 'utf8')).toBe('precious\n');
    expect(await read('README.md')).toContain('# The cluster shop');
  });

  it('removes the files of a host that is gone, and leaves those of others', async () => {
    await render();
    await writeFile(join(out, 'pg3/notes.txt'), 'mine\n');
    await render(SHOP.replace('  pg3: 10.0.0.13\n', '').replace('[pg1, pg2, pg3]', '[pg1, pg2]'));
    expect((await filesIn(out)).filter((path) => path.startsWith('pg3/'))).toEqual(['pg3/notes.txt']);
    await rm(join(out, 'pg3/notes.txt'));
    expect(await readdir(join(out, 'pg3'))).toEqual([]);
  });

  it('writes nothing where it cannot write, and says so', async () => {
    await writeFile(join(base, 'file'), '');
    await expect(renderInto(join(base, 'file'), SHOP_TOPOLOGY, false)).rejects.toThrow(/file/);
    await mkdir(out);
    await writeFile(join(out, '.rendered.json'), '{"../../x": ["1"]}');
    await expect(render()).rejects.toThrow('.rendered.json must be as cluster render wrote it, and is not.');
    expect(await filesIn(out)).toEqual([]);
    await chmod(out, 0o700);
  });
});
