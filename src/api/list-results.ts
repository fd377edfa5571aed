import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import { choice } from '../plan/words.js';
import { headlineOf } from '../report/headline.js';
import { type Listed, renderListing as terminalText } from '../report/listing.js';
import { FILE, type TerminalOptions } from '../report/terminal/text.js';
import { readParts } from '../result/parts.js';
import { withLaterAudit } from '../result/read.js';
import { RESULT_FILE, RESULTS_ROOT } from '../result/store.js';

export type { Headline, HeadlineDowntime } from '../report/headline.js';
export type { Listed } from '../report/listing.js';
export { RESULTS_ROOT } from '../result/store.js';

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

export const LISTING_FORMATS = ['terminal', 'json'] as const;

/** `terminal`: a line for each with its folder under it; `json`: the same data as it was given. */
export type ListingFormat = (typeof LISTING_FORMATS)[number];

/**
 * A list of results as a text, in the given order.
 * @param options `terminal`: what `terminal` is written to; 80 columns without colours when absent
 * @throws UserError for a format that there is not
 */
export function renderListing(
  list: readonly Listed[],
  format: ListingFormat,
  { terminal = FILE }: { readonly terminal?: TerminalOptions } = {},
): string {
  switch (choice(format, 'format', LISTING_FORMATS)) {
    case 'terminal':
      return terminalText(list, terminal);
    case 'json':
      return `${JSON.stringify(list, null, 2)}\n`;
  }
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
    const later = {
      plan: { ...plan, tags: plan.tags ?? {} },
      commits: withLaterAudit(parts.commits),
      gates,
    };
    return { directory, headline: headlineOf({ ...parts, ...later }) };
  } catch (error) {
    // What claims to be a result may hold anything.
    const why = error instanceof UserError ? error.message : 'it does not hold what a result does.';
    return { directory, damaged: why };
  }
}
