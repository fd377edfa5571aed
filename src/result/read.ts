import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import type { CommitAudit } from './commits.js';
import type { Result } from './result.js';
import { RESULT_FILE } from './store.js';

const VERSION: Result['version'] = 1;

/** What a result of this version cannot be without; the rest is the word of the version. */
const PARTS = [
  'tool',
  'run',
  'plan',
  'cluster',
  'totals',
  'timeline',
  'errors',
  'analysis',
  'commits',
  'notes',
];

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
  const missing = parts.flatMap((part) => missingOf(content, part));
  if (version !== VERSION || missing.length > 0) {
    throw new UserError(`${file} is not a whole result: it has no ${missing.join(', no ') || 'version'}.`);
  }
}

function otherJson(file: string): UserError {
  return new UserError(`Expected a result of pgha-bench in ${file}, found other JSON.`);
}

/** A part that is not there, or what it has not that it cannot be without. */
function missingOf(content: Readonly<Record<string, unknown>>, part: string): readonly string[] {
  const value = content[part];
  const shape = SHAPES[part];
  if (!Object.hasOwn(content, part)) {
    return [part];
  }
  if (shape === undefined) {
    return [];
  }
  if (typeof shape === 'function') {
    return shape(value) ? [] : [part];
  }
  if (!isObject(value)) {
    return [part];
  }
  return Object.entries(shape)
    .filter(([field, fits]) => !(Object.hasOwn(value, field) && fits(value[field])))
    .map(([field]) => `${part}.${field}`);
}

type Fits = (value: unknown) => boolean;

const isText: Fits = (value) => typeof value === 'string';
const isNumber: Fits = (value) => typeof value === 'number';
const isNullOrObject: Fits = (value) => value === null || isObject(value);

/** Of the parts, what everybody takes for granted: enough to tell a result from something that has only its names. */
const SHAPES: Readonly<Record<string, Fits | Readonly<Record<string, Fits>>>> = {
  tool: { version: isText },
  run: { id: isText, startedAt: isText, status: isText, elapsedMs: isNumber },
  plan: { target: isObject, workload: isObject, clients: isNumber, faults: Array.isArray },
  cluster: { members: Array.isArray, settings: isObject },
  totals: { tps: isNumber, outcomes: isObject, response: isNullOrObject },
  timeline: { startMs: Array.isArray },
  errors: Array.isArray,
  analysis: { rounds: Array.isArray, summaries: Array.isArray },
  commits: isNullOrObject,
  notes: Array.isArray,
};

/** What was added since the first results of this version were written: absent there, as in a run that has none of it. */
function withLaterFields(result: Result): Result {
  const { plan, cluster, totals, timeline, analysis } = result;
  const none = timeline.startMs.map(() => null);
  return {
    ...result,
    plan: { ...plan, tags: plan.tags ?? {} },
    cluster: { ...cluster, ways: cluster.ways ?? null },
    totals: { ...totals, spectra: totals.spectra ?? { service: null, response: null } },
    timeline: { ...timeline, p90Us: timeline.p90Us ?? none, writers: timeline.writers ?? {} },
    analysis: { ...analysis, phases: analysis.phases ?? { before: null, during: null, after: null } },
    commits: withLaterAudit(result.commits),
    gates: result.gates ?? [],
  };
}

/** The same of the audit alone. */
export function withLaterAudit(commits: CommitAudit | null): CommitAudit | null {
  return commits === null ? null : { ...commits, uncovered: commits.uncovered ?? [] };
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
