import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import { renderFiles } from './files.js';
import { SECRETS_FILE, secretsFrom, secretsText } from './secrets.js';
import type { Topology } from './topology.js';
import { writeTree } from './write-tree.js';

export interface Rendering {
  readonly directory: string;
  /** Below the directory, in their order there. */
  readonly files: readonly string[];
  /** Whether the passwords of an earlier rendering were kept. */
  readonly keptSecrets: boolean;
}

/**
 * Writes everything for the hosts of a topology into a directory. Passwords are made once, and kept when it is rendered
 * again; none is returned.
 * @param force overwrite files that others wrote or changed, but never the passwords
 * @throws UserError
 */
export async function renderInto(directory: string, topology: Topology, force: boolean): Promise<Rendering> {
  const path = join(directory, SECRETS_FILE);
  const before = await secretsBefore(path);
  const secrets = secretsFrom(before, path);
  const files = [
    ...renderFiles(topology, secrets),
    // As it stands, should somebody have changed a password in it, or added a line.
    { path: SECRETS_FILE, text: secretsText(secrets, before), secret: true },
  ];
  await writeTree(directory, files, { force, ours: [SECRETS_FILE] });
  return {
    directory,
    files: files.map((file) => file.path).sort(),
    keptSecrets: before !== null,
  };
}

async function secretsBefore(path: string): Promise<string | null> {
  try {
    if (!(await lstat(path)).isFile()) {
      throw new UserError(`${path} must be a regular file, and is none.`, 'Choose another --out.');
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return null;
    }
    throw error instanceof UserError
      ? error
      : new UserError(`${path} must be readable: ${messageOf(error)}.`, 'Choose another --out.');
  }
}
