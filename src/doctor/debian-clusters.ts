import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Debian's clusters that postgresql.service starts, `15/main`: those with a postgresql.conf whose start.conf says `auto`,
 * or that have none. A directory that cannot be read has none.
 * @param base where the distribution has them, /etc/postgresql
 */
export async function autoClusters(base: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const version of (await entries(base)).filter((name) => /^\d+(\.\d+)?$/.test(name))) {
    for (const cluster of await entries(join(base, version))) {
      if (await startsByItself(join(base, version, cluster))) {
        found.push(`${version}/${cluster}`);
      }
    }
  }
  return found.sort();
}

async function startsByItself(directory: string): Promise<boolean> {
  const isCluster = await stat(join(directory, 'postgresql.conf')).then(
    (file) => file.isFile(),
    () => false,
  );
  const text = await readFile(join(directory, 'start.conf'), 'utf8').catch(() => 'auto');
  const word = /^\s*(auto|manual|disabled)\b/m.exec(text)?.[1] ?? 'auto';
  return isCluster && word === 'auto';
}

async function entries(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}
