import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import { choice } from '../plan/words.js';
import { type Headline, headlineOf } from '../report/headline.js';
import { type Listed, renderListing } from '../report/listing.js';
import { readParts } from '../result/parts.js';
import { RESULT_FILE, RESULTS_ROOT } from '../result/store.js';
import { type Arguments, each, once } from './arguments.js';
import { EXIT } from './exit.js';
import type { Flags } from './flags.js';
import { terminalOf } from './terminal.js';

export const RESULTS_FLAGS: Flags = {
  label: { group: 'Which:', describe: 'only those with this label' },
  tag: { group: 'Which:', describe: 'NAME=VALUE: only those with this tag; several: with all of them' },
  format: { group: 'How:', describe: 'terminal or json [terminal]' },
};

/** `pgha-bench results [DIR]`. @returns the exit code */
export async function results(args: Arguments): Promise<number> {
  const root = args['DIR'] === undefined ? RESULTS_ROOT : String(args['DIR']);
  const format = choice(once(args, 'format') ?? 'terminal', '--format', ['terminal', 'json'] as const);
  const wanted = selectionOf(once(args, 'label'), each(args, 'tag'));
  const all = await listResults(root);
  const shown = all.filter((listed) => wanted === null || ('headline' in listed && wanted(listed.headline)));
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  } else if (shown.length > 0) {
    process.stdout.write(renderListing(shown, terminalOf(process.stdout)));
  } else {
    process.stderr.write(all.length === 0 ? `No run has left a result in ${root}.\n` : 'None has these.\n');
  }
  return EXIT.ok;
}

/** Null for all, damaged ones among them. @throws UserError for a tag that is none */
function selectionOf(
  label: string | undefined,
  tags: readonly string[],
): ((headline: Headline) => boolean) | null {
  const pairs = tags.map((text) => {
    const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new UserError(`--tag: expected NAME=VALUE, found '${text}'.`);
    }
    return { name, value };
  });
  if (label === undefined && pairs.length === 0) {
    return null;
  }
  return (headline) =>
    (label === undefined || headline.label === label) &&
    pairs.every(({ name, value }) => Object.hasOwn(headline.tags, name) && headline.tags[name] === value);
}

/**
 * What lies in a directory of results, the newest last; folders without a result.json are passed over.
 * @throws UserError when it cannot be looked into
 */
export async function listResults(root: string): Promise<readonly Listed[]> {
  const found: { readonly listed: Listed; readonly atMs: number }[] = [];
  // Of a run's own folder, that one.
  for (const name of ['', ...(await namesIn(root))]) {
    const directory = join(root, name);
    const writtenMs = await writtenAt(join(directory, RESULT_FILE));
    if (writtenMs !== null) {
      const listed = await look(directory);
      const startedMs = 'headline' in listed ? Date.parse(listed.headline.startedAt) : Number.NaN;
      found.push({ listed, atMs: Number.isNaN(startedMs) ? writtenMs : startedMs });
    }
  }
  return found.toSorted((a, b) => a.atMs - b.atMs).map(({ listed }) => listed);
}

async function namesIn(root: string): Promise<readonly string[]> {
  try {
    // One that begins with a dot is being written.
    return (await readdir(root)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'ENOENT' && root === RESULTS_ROOT) {
      return [];
    }
    const found = { ENOENT: 'nothing', ENOTDIR: 'a file' }[code];
    throw found === undefined
      ? new UserError(`${root} cannot be read: ${messageOf(error)}.`)
      : new UserError(`Expected a directory of results at ${root}, found ${found}.`);
  }
}

/** Null where there is no such file. */
async function writtenAt(file: string): Promise<number | null> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '') ? null : 0;
  }
}

async function look(directory: string): Promise<Listed> {
  try {
    const parts = await readParts(directory, ['run', 'plan', 'totals', 'analysis', 'commits'], ['gates']);
    const { plan, gates = [] } = parts;
    return { directory, headline: headlineOf({ ...parts, plan: { ...plan, tags: plan.tags ?? {} }, gates }) };
  } catch (error) {
    // What claims to be a result may hold anything.
    const why = error instanceof UserError ? error.message : 'it does not hold what a result does.';
    return { directory, damaged: why };
  }
}
