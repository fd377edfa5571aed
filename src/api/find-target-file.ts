import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import { parseTargetFile, type TargetFile } from '../plan/target-file.js';
import { TARGET_KEYS } from './target-keys.js';

/** Name of the file that is looked for. */
export const TARGET_FILE = 'pgha-bench.yaml';

/** A file of targets, and where it is. */
export interface FoundTargetFile extends TargetFile {
  /** Absolute. */
  readonly path: string;
  /** As a person in the working directory would call it. */
  readonly name: string;
}

/**
 * The file of targets that holds here: the nearest of its name in the working directory or above it.
 * @param given path of another one, which must be there; relative to `directory`
 * @param label of what gave it, for messages
 * @returns undefined where there is none
 * @throws UserError for one that cannot be read, and for what is wrong in it
 */
export async function findTargetFile(
  directory: string,
  given?: string,
  label = '--target-file',
): Promise<FoundTargetFile | undefined> {
  if (given !== undefined) {
    const path = resolve(directory, given);
    const text = await textOf(path, label);
    if (text === undefined) {
      throw new UserError(`${label}: expected a file of targets, but there is no ${given}.`);
    }
    return parsed(path, directory, text);
  }
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const path = join(folder, TARGET_FILE);
    const text = await textOf(path, path);
    if (text !== undefined) {
      return parsed(path, directory, text);
    }
    if (dirname(folder) === folder) {
      return undefined;
    }
  }
}

function parsed(path: string, directory: string, text: string): FoundTargetFile {
  const near = relative(directory, path);
  const name = near.length < path.length ? near : path;
  return { path, name, ...parseTargetFile(text, name, TARGET_KEYS) };
}

/** Undefined where there is no such file. */
async function textOf(path: string, label: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) {
      return undefined;
    }
    throw new UserError(`${label} cannot be read: ${messageOf(error)}.`);
  }
}
