import { type Arguments, each, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import {
  type Headline,
  LISTING_FORMATS,
  listResults,
  RESULTS_ROOT,
  renderListing,
} from '../api/list-results.js';
import { UserError } from '../errors.js';
import { choice } from '../plan/words.js';
import { terminalOf } from './terminal.js';

export const RESULTS_FLAGS: Flags = {
  label: { group: 'Which:', describe: 'only those with this label' },
  tag: { group: 'Which:', describe: 'NAME=VALUE: only those with this tag; several: with all of them' },
  format: { group: 'How:', describe: 'terminal or json [terminal]' },
};

/** `pgha-bench results [DIR]`. @returns the exit code */
export async function results(args: Arguments): Promise<number> {
  const root = args['DIR'] === undefined ? RESULTS_ROOT : String(args['DIR']);
  const format = choice(once(args, 'format') ?? 'terminal', '--format', LISTING_FORMATS);
  const wanted = selectionOf(once(args, 'label'), each(args, 'tag'));
  const all = await listResults(root);
  const shown = all.filter((listed) => wanted === null || ('headline' in listed && wanted(listed.headline)));
  if (format === 'json' || shown.length > 0) {
    process.stdout.write(renderListing(shown, format, { terminal: terminalOf(process.stdout) }));
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
