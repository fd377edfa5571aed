import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';
import type { NamedResult } from './named.js';
import { readParts } from './parts.js';
import { readResult } from './read.js';
import type { Result } from './result.js';
import { RESULT_FILE, RESULTS_ROOT } from './store.js';

/**
 * The results that people name, in that order, under names that are all different.
 * @param words each a result.json, the folder of a run, or a label (or the name of a folder) of one below `root`
 * @param root where runs leave their folders, `results` by default
 * @throws UserError where one is not found, is not a result, or where two have that label
 */
export async function findResults(
  words: readonly string[],
  root: string = RESULTS_ROOT,
): Promise<readonly NamedResult[]> {
  const found: NamedResult[] = [];
  for (const word of words) {
    found.push(await findResult(word, root));
  }
  return withOwnNames(found);
}

/**
 * One of them, see {@link findResults}.
 * @param elsewhere what to do, one sentence, when there is nothing in the root
 */
export async function findResult(
  word: string,
  root: string = RESULTS_ROOT,
  elsewhere = 'Use --results DIR for another one.',
): Promise<NamedResult> {
  const kind = await kindOf(word);
  if (kind === 'file' || (kind === 'directory' && (await kindOf(join(word, RESULT_FILE))) === 'file')) {
    return named(word, kind, await readResult(word));
  }
  const folders = await foldersIn(root);
  const { found: labelled, failures } = await calledIn(root, folders, word);
  const [only] = labelled;
  if (only !== undefined && labelled.length === 1) {
    return only;
  }
  if (labelled.length > 1) {
    const places = labelled.map(({ directory }) => relative('', directory ?? '')).join(', ');
    throw new UserError(
      `Expected one result called '${word}', found ${labelled.length}: ${places}.`,
      'Name one by its folder.',
    );
  }
  const [failure] = failures;
  if (failure !== undefined) {
    throw failure;
  }
  throw kind === 'directory' ? await noResultIn(word) : await unknown(word, root, folders, elsewhere);
}

type Kind = 'file' | 'directory' | 'none';

async function kindOf(path: string): Promise<Kind> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error) ?? '')) {
      return 'none';
    }
    throw new UserError(`${path} cannot be read: ${messageOf(error)}.`);
  }
}

function named(path: string, kind: 'file' | 'directory', result: Result): NamedResult {
  const directory = resolve(kind === 'file' ? dirname(path) : path);
  const file = basename(path);
  const own =
    kind === 'directory' || file === RESULT_FILE ? basename(directory) : file.replace(/\.json$/, '');
  return { name: result.plan.label ?? own, directory, result };
}

/** Names of the folders of runs; none where there is no such root. */
async function foldersIn(root: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    // One that begins with a dot is being written.
    return entries
      .filter((entry) => !entry.isFile() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

interface Called {
  readonly found: readonly NamedResult[];
  /** Why others that may be meant cannot be read: of no interest where one was found. */
  readonly failures: readonly unknown[];
}

/** The folder of that name, and the results with that label. */
async function calledIn(root: string, folders: readonly string[], word: string): Promise<Called> {
  const found: NamedResult[] = [];
  const failures: unknown[] = [];
  const isNamed = (folder: string) => folder === word;
  const others = folders.filter((folder) => !isNamed(folder));
  for (const folder of [...folders.filter(isNamed), ...others]) {
    const directory = join(root, folder);
    if (!isNamed(folder) && !(await mayHaveLabel(directory, word))) {
      continue;
    }
    try {
      const result = await readResult(directory);
      if (isNamed(folder) || result.plan.label === word) {
        found.push(named(directory, 'directory', result));
      }
    } catch (error) {
      failures.push(error);
    }
  }
  return { found, failures };
}

/** Most results have another label: that is seen at their beginning. One that is damaged may be meant if it has the word. */
async function mayHaveLabel(directory: string, label: string): Promise<boolean> {
  try {
    const { plan } = await readParts(directory, ['plan']);
    return plan.label === label;
  } catch {
    const text = await textIn(directory);
    return text?.includes(JSON.stringify(label)) ?? false;
  }
}

/** Undefined for a folder that is no run's. */
async function textIn(directory: string): Promise<string | undefined> {
  try {
    return await readFile(join(directory, RESULT_FILE), 'utf8');
  } catch {
    return undefined;
  }
}

async function noResultIn(directory: string): Promise<UserError> {
  const entries = await readdir(directory);
  const runs = (await foldersIn(directory)).length;
  if (entries.length === 0) {
    return new UserError(`Expected the folder of a run, found an empty directory at ${directory}.`);
  }
  const hint = runs > 0 ? 'Name one of the folders in it.' : undefined;
  return new UserError(`Expected the folder of a run, found no ${RESULT_FILE} in ${directory}.`, hint);
}

async function unknown(
  word: string,
  root: string,
  folders: readonly string[],
  elsewhere: string,
): Promise<UserError> {
  if (word.includes('/') || word.endsWith('.json')) {
    return new UserError(`Expected a ${RESULT_FILE} or the folder of a run, found nothing at ${word}.`);
  }
  const expected = `Expected a ${RESULT_FILE}, the folder of a run, or the label of one in ${root}`;
  if (folders.length === 0) {
    const none = (await kindOf(root)) === 'none' ? 'there is no such directory' : 'no run is in it';
    return new UserError(`${expected}; found '${word}', and ${none}.`, elsewhere);
  }
  const labels = await labelsIn(root, folders);
  const meant = didYouMean(word, [...labels, ...folders]);
  const known = meant === '' && labels.length > 0 ? ` Its labels: ${listOf(labels)}.` : meant;
  return new UserError(`${expected}; found '${word}'.${known}`);
}

async function labelsIn(root: string, folders: readonly string[]): Promise<readonly string[]> {
  const labels = new Set<string>();
  for (const folder of folders) {
    try {
      const { plan } = await readResult(join(root, folder));
      labels.add(plan.label ?? folder);
    } catch {
      // No run's folder, or one that is cut off: it has no label that could have been meant.
    }
  }
  return [...labels].filter((label) => !folders.includes(label));
}

/** More than this would be pages. */
const MOST_LISTED = 8;

function listOf(words: readonly string[]): string {
  const more = words.length - MOST_LISTED;
  return `${words.slice(0, MOST_LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Different results of one label are told apart by their folders, and what is named twice by numbers. */
function withOwnNames(results: readonly NamedResult[]): readonly NamedResult[] {
  const isShared = ({ name, directory }: NamedResult) =>
    results.some((other) => other.name === name && other.directory !== directory);
  const names = results.map((result) =>
    isShared(result) ? basename(result.directory ?? result.name) : result.name,
  );
  return results.map((result, index) => {
    const name = names[index] ?? result.name;
    const before = names.slice(0, index).filter((other) => other === name).length;
    return { ...result, name: before === 0 ? name : `${name} (${before + 1})` };
  });
}
