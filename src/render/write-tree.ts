import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import type { RenderedFile } from './rendered-file.js';

/*
 * Files are written aside first and then put in place one by one by renaming, so that no file is ever half-written. What
 * was written is noted with its hash: what somebody else wrote or changed is not overwritten unless they say so.
 */

/** Notes what was written, by path: the hashes that a file may have and still be ours. */
type Notes = Readonly<Record<string, readonly string[]>>;

const NOTES_FILE = '.rendered.json';

export interface WriteOptions {
  /** Overwrite what others wrote or changed, too. */
  readonly force: boolean;
  /** Paths whose new text was made from what stands there: to overwrite them loses nothing. */
  readonly ours: readonly string[];
}

/**
 * Makes the directory's files those that are given; files of an earlier rendering that are not among them go.
 * @throws UserError, before anything is written, for what would be overwritten
 */
export async function writeTree(
  directory: string,
  files: readonly RenderedFile[],
  options: WriteOptions,
): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const before = await readNotes(directory);
    const after: Notes = Object.fromEntries(files.map(({ path, text }) => [path, [hashOf(text)]]));
    if (!options.force) {
      const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
      const judged = [...paths].filter((path) => !options.ours.includes(path));
      await refuseForeign(directory, judged, before, after);
    }
    const draft = join(directory, `.draft-${randomBytes(4).toString('hex')}`);
    try {
      for (const file of files) {
        await writeFileIn(draft, file);
      }
      // Should this be the last thing that happens, the next time knows both the old and the new files as ours.
      await writeNotes(directory, joined(before, after));
      for (const { path } of files) {
        await mkdir(dirname(join(directory, path)), { recursive: true });
        await rename(join(draft, path), join(directory, path));
      }
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    for (const path of Object.keys(before).filter((each) => after[each] === undefined)) {
      await rm(join(directory, path), { force: true });
      await removeEmpty(directory, dirname(path));
    }
    await writeNotes(directory, after);
  } catch (error) {
    if (error instanceof UserError || codeOf(error) === undefined) {
      throw error;
    }
    throw new UserError(
      `--out: expected a directory that can be written, ${directory}: ${messageOf(error)}.`,
      'Choose another, or mend its permissions.',
    );
  }
}

/** The folders that the last file of them has left. */
async function removeEmpty(directory: string, folder: string): Promise<void> {
  if (folder === '.') {
    return;
  }
  try {
    await rmdir(join(directory, folder));
  } catch {
    return;
  }
  await removeEmpty(directory, dirname(folder));
}

async function refuseForeign(
  directory: string,
  paths: readonly string[],
  before: Notes,
  after: Notes,
): Promise<void> {
  const foreign: string[] = [];
  for (const path of paths) {
    const hash = await hashIn(directory, path);
    const known = [...(before[path] ?? []), ...(after[path] ?? [])];
    if (hash !== null && !known.includes(hash)) {
      foreign.push(path);
    }
  }
  const [first] = foreign;
  if (first !== undefined) {
    const others = foreign.length > 1 ? ` and ${foreign.length - 1} more` : '';
    const who = before[first] === undefined ? 'was not written' : 'was changed since it was written';
    throw new UserError(
      `${join(directory, first)}${others} ${who} by cluster render.`,
      'Choose another --out, or overwrite with --force.',
    );
  }
}

/** Null where there is nothing; what is no regular file has a hash of nobody's. */
async function hashIn(directory: string, path: string): Promise<string | null> {
  try {
    const stat = await lstat(join(directory, path));
    return stat.isFile() ? hashOf(await readFile(join(directory, path))) : 'none';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

async function writeFileIn(root: string, { path, text, secret }: RenderedFile): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  // From the first moment: whoever may open it once may read it for good.
  await writeFile(target, text, { mode: secret ? 0o600 : 0o644, flag: 'wx' });
  if (!secret) {
    await chmod(target, 0o644);
  }
}

async function readNotes(directory: string): Promise<Notes> {
  const file = join(directory, NOTES_FILE);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') {
      return '{}';
    }
    throw error;
  });
  try {
    return notesOf(JSON.parse(text));
  } catch {
    throw new UserError(
      `${file} must be as cluster render wrote it, and is not.`,
      'Remove it, and render again with --force.',
    );
  }
}

/** A path out of the directory would have a file removed that is none of ours. */
function notesOf(value: unknown): Notes {
  const notes: Record<string, readonly string[]> = {};
  for (const [path, hashes] of Object.entries(Object(value))) {
    if (path.startsWith('/') || path.split('/').includes('..') || !Array.isArray(hashes)) {
      throw new Error('no notes');
    }
    notes[path] = hashes.map(String);
  }
  return notes;
}

async function writeNotes(directory: string, notes: Notes): Promise<void> {
  const draft = join(directory, `${NOTES_FILE}.new`);
  // A hash of a file with passwords is for nobody's eyes either.
  await writeFile(draft, `${JSON.stringify(notes, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, join(directory, NOTES_FILE));
}

function joined(one: Notes, other: Notes): Notes {
  const paths = [...Object.keys(one), ...Object.keys(other)];
  return Object.fromEntries(paths.map((path) => [path, [...(one[path] ?? []), ...(other[path] ?? [])]]));
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
