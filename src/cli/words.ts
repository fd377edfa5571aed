import type { Arguments, Given } from '../api/arguments.js';

/** yargs settings that make {@link Arguments} of words: `once` and `workloadOptions` of the API rely on them. */
export const PARSER = {
  'parse-numbers': false,
  'camel-case-expansion': false,
  'boolean-negation': false,
  'dot-notation': false,
};

/** The word without an option; upper case, since no option is. */
export const NAME = 'NAME';

/** What yargs adds, and what concerns the command line alone. */
const NOT_GIVEN: readonly string[] = ['_', '$0', NAME, 'help', 'version', 'debug'];

/** What the options of the line say. */
export function givenBy(args: Arguments): Given {
  const options = Object.entries(args).filter(([name]) => !NOT_GIVEN.includes(name));
  return { args: Object.fromEntries(options), env: process.env };
}
