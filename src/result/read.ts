import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import type { Result } from './result.js';
import { RESULT_FILE } from './store.js';

const VERSION: Result['version'] = 1;

/** What a result of this version cannot be without; the rest is the word of the version. */
const PARTS = ['tool', 'run', 'plan', 'cluster', 'totals', 'timeline', 'errors', 'analysis', 'notes'];

/**
 * Reads a result.
 * @param path the folder of a run, or its result.json
 * @throws UserError when there is none, or not one that this version can read
 */
export async function readResult(path: string): Promise<Result> {
  const file = await fileOf(path);
  return parseResult(await textOf(file, path), file);
}

/**
 * The same of a text that is read already.
 * @param file where it came from, for messages
 * @throws UserError when it is not a result that this version can read
 */
export function parseResult(text: string, file: string): Result {
  const content = parse(text, file);
  if (!isObject(content)) {
    throw otherJson(file);
  }
  checkHead(content, PARTS, file);
  // The border: what says that it is a result of this version is taken for one.
  return withLaterFields(content as unknown as Result);
}

/**
 * Whether it is a result, of this version, with the parts that it cannot be without.
 * @throws UserError when it is not
 */
export function checkHead(
  content: Readonly<Record<string, unknown>>,
  parts: readonly string[],
  file: string,
): void {
  if (content['format'] !== 'pgha-bench/result') {
    throw otherJson(file);
  }
  const version = content['version'];
  if (typeof version === 'number' && version > VERSION) {
    throw new UserError(
      `${file} has version ${version}; this pgha-bench reads up to ${VERSION}.`,
      'Read it with the pgha-bench that wrote it, or a newer one.',
    );
  }
  const missing = parts.filter((part) => !(part in content));
  if (version !== VERSION || missing.length > 0) {
    throw new UserError(`${file} is not a whole result: it has no ${missing.join(', no ') || 'version'}.`);
  }
}

function otherJson(file: string): UserError {
  return new UserError(`Expected a result of pgha-bench in ${file}, found other JSON.`);
}

/** What was added since the first results of this version were written: absent there, as in a run that has none of it. */
function withLaterFields(result: Result): Result {
  const { plan, totals, timeline, analysis } = result;
  const none = timeline.startMs.map(() => null);
  return {
    ...result,
    plan: { ...plan, tags: plan.tags ?? {} },
    totals: { ...totals, spectra: totals.spectra ?? { service: null, response: null } },
    timeline: { ...timeline, p90Us: timeline.p90Us ?? none, writers: timeline.writers ?? {} },
    analysis: { ...analysis, phases: analysis.phases ?? { before: null, during: null, after: null } },
    gates: result.gates ?? [],
  };
}

/** The result.json of a folder, or the file itself. @throws UserError when there is nothing */
export async function fileOf(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? join(path, RESULT_FILE) : path;
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function textOf(file: string, path: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** In words, why a result could not be read. */
export function unreadable(path: string, error: unknown): UserError {
  if (codeOf(error) === 'ENOENT') {
    return new UserError(`Expected the folder of a run or its ${RESULT_FILE}, found none at ${path}.`);
  }
  return new UserError(`${path} cannot be read: ${messageOf(error)}.`);
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(
      `Expected a result of pgha-bench in ${file}, found no valid JSON; it may be cut off.`,
    );
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
