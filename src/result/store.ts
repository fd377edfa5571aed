import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import type { Result } from './result.js';

/** Files of a result folder. */
export const RESULT_FILE = 'result.json';
export const SERVICE_FILE = 'service.hlog';
export const RESPONSE_FILE = 'response.hlog';
export const LAG_FILE = 'lag.hlog';

/** Content of the histogram logs, see analysis/hlog.ts. */
export interface HistogramLogs {
  readonly service: string;
  readonly response: string;
  /** Schedule lag; null for a closed pace, which has none. */
  readonly lag: string | null;
}

/** Where a result will be written; checked, and not there yet. */
export type ResultDirectory =
  /** A new folder in `root`, named by time, workload and fault. */
  | { readonly kind: 'root'; readonly root: string }
  /** This very folder: absent or empty. */
  | { readonly kind: 'directory'; readonly directory: string };

/** Where results go when the user names no directory, in the current one. */
export const RESULTS_ROOT = 'results';

/**
 * Looks, before the load, whether the result can be written, and leaves nothing behind.
 * @param where `out`: the folder itself, absent or empty; without it, a folder for each run is made in `root`
 * @throws UserError when it cannot
 */
export async function prepareResultDirectory(where: {
  readonly out?: string | undefined;
  readonly root?: string;
}): Promise<ResultDirectory> {
  const place = placeOf(where.out, where.root ?? RESULTS_ROOT);
  const directory = place.kind === 'root' ? place.root : place.directory;
  const existing = await existingAncestor(directory);
  if (place.kind === 'directory' && existing === directory && (await readdir(directory)).length > 0) {
    throw new UserError(
      `--out: expected a new or empty directory, found files in ${directory}.`,
      'Name another one, or empty it.',
    );
  }
  await tryToWrite(existing, directory);
  return place;
}

/**
 * Writes a result and its histograms; whoever looks sees all of it or nothing.
 * @returns the folder, absolute
 * @throws UserError when it cannot be written
 */
export async function writeResult(
  place: ResultDirectory,
  result: Result,
  histograms: HistogramLogs,
  further: readonly FurtherFile[] = [],
): Promise<string> {
  const directory = place.kind === 'root' ? join(place.root, resultName(result)) : place.directory;
  try {
    if (place.kind === 'directory' && (await isEmptyDirectory(directory))) {
      // Not to be replaced: it may be a mount point.
      return await fillDirectory(directory, filesOf(result, histograms), further);
    }
    return await makeDirectory(directory, filesOf(result, histograms), further);
  } catch (error) {
    throw new UserError(`The result could not be written to ${directory}: ${messageOf(error)}.`);
  }
}

/** A file that is too long to be held in memory. */
export interface FurtherFile {
  readonly name: string;
  /** Writes it into the directory, under its name. */
  readonly write: (directory: string) => Promise<unknown>;
}

/** `20251123-145601-tpcb-switchover`, in local time, as the clock of whoever looks for it. */
export function resultName(result: Result): string {
  const kinds = [...new Set(result.plan.faults.map((fault) => fault.kind))];
  const parts = [
    stampOf(new Date(result.run.startedAt)),
    result.plan.workload.name,
    kinds.join('+') || 'none',
  ];
  return parts.map((part) => part.replaceAll(/[^\w.+-]+/g, '_')).join('-');
}

function placeOf(out: string | undefined, root: string): ResultDirectory {
  return out === undefined
    ? { kind: 'root', root: resolve(root) }
    : { kind: 'directory', directory: resolve(out) };
}

function stampOf(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${day}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}

/** The directory itself, or the nearest one above it that exists. */
async function existingAncestor(directory: string): Promise<string> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      if (!(await stat(path)).isDirectory()) {
        throw new UserError(`Results cannot be written to ${directory}: ${path} is not a directory.`);
      }
      return path;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') {
        throw error instanceof UserError ? error : unwritable(directory, error);
      }
    }
  }
}

/** By trying: permission bits say nothing to root, and nothing of read-only file systems on some. */
async function tryToWrite(existing: string, directory: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(existing, '.pgha-bench-')));
  } catch (error) {
    throw unwritable(directory, error);
  }
}

function unwritable(directory: string, error: unknown): UserError {
  return new UserError(
    `Results cannot be written to ${directory}: ${messageOf(error)}.`,
    'Name another directory with --out.',
  );
}

async function isEmptyDirectory(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch {
    return false;
  }
}

/** Not mkdtemp(): its folders are closed to others, and results are read by whoever may read their surroundings. */
async function makePartial(prefix: string): Promise<string> {
  const partial = `${prefix}${randomBytes(4).toString('hex')}`;
  await mkdir(partial);
  return partial;
}

/** Writes beside the place and renames, under the next free name when that one is taken. */
async function makeDirectory(
  directory: string,
  files: readonly NamedText[],
  further: readonly FurtherFile[],
): Promise<string> {
  await mkdir(dirname(directory), { recursive: true });
  const partial = await makePartial(join(dirname(directory), `.${basename(directory)}-`));
  try {
    await writeAll(partial, files, further);
    return await renameToFree(partial, directory);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function renameToFree(partial: string, directory: string): Promise<string> {
  for (let suffix = 1; ; suffix++) {
    const free = suffix === 1 ? directory : `${directory}-${suffix}`;
    // rename() replaces an empty directory, and mkdir() alone says without a race whose it is.
    try {
      await mkdir(free);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') {
        continue;
      }
      throw error;
    }
    await rename(partial, free);
    return free;
  }
}

/** Moves the files in one by one, result.json last: without it, it is no result. */
async function fillDirectory(
  directory: string,
  files: readonly NamedText[],
  further: readonly FurtherFile[],
): Promise<string> {
  const partial = await makePartial(join(directory, '.partial-'));
  try {
    await writeAll(partial, files, further);
    for (const name of [...further.map((file) => file.name), ...files.map(([name]) => name)]) {
      await rename(join(partial, name), join(directory, name));
    }
    return directory;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function writeAll(
  directory: string,
  files: readonly NamedText[],
  further: readonly FurtherFile[],
): Promise<void> {
  for (const { write } of further) {
    await write(directory);
  }
  for (const [name, content] of files) {
    await writeFile(join(directory, name), content);
  }
}

/** So that a list of results need not read them, see parts.ts. */
function longPartsLast(result: Result): Result {
  const { timeline, clients, events, observed, ...short } = result;
  return { ...short, clients, events, observed, timeline };
}

type NamedText = readonly [name: string, content: string];

/** Names and contents, result.json last. */
function filesOf(result: Result, histograms: HistogramLogs): NamedText[] {
  const { service, response, lag } = histograms;
  return [
    [SERVICE_FILE, service],
    [RESPONSE_FILE, response],
    ...(lag === null ? [] : [[LAG_FILE, lag] satisfies NamedText]),
    [RESULT_FILE, `${JSON.stringify(longPartsLast(result))}\n`],
  ];
}
