import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrivateServer } from '../src/postgres/private-server.fixture.js';
import type { Result } from '../src/result/result.js';

/**
 * Runs pgha-bench against a server, without a fault.
 * @param out folder for the result
 * @param words workload and flags
 */
export async function runOurs(server: PrivateServer, out: string, words: readonly string[]): Promise<Result> {
  const flags = [`--rw=${server.uri}`, '--fault=none', `--out=${out}`];
  await command(process.execPath, ['bin/pgha-bench.js', 'run', ...words, ...flags]);
  return JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Result;
}

/**
 * Runs a command to its end.
 * @param stderr whether what it writes there is part of its output, or is shown
 * @returns what it wrote
 */
export function command(
  program: string,
  words: readonly string[],
  stderr: 'kept' | 'shown' = 'kept',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', stderr === 'kept' ? 'pipe' : 'inherit'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) {
        resolve(output);
      } else {
        reject(new Error(`${program} ${words.join(' ')} ended with code ${code}:\n${output}`));
      }
    });
  });
}
