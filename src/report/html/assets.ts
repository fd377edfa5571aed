import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.js';

/** What is put into every page: its program and its style, each as one text. */
export interface Assets {
  readonly script: string;
  readonly style: string;
}

let read: Assets | undefined;

/**
 * The program and the style of the page, as `npm run build` has bundled them.
 * @throws UserError when they were not built
 */
export function pageAssets(): Assets {
  read ??= { script: textOf('page.js'), style: textOf('page.css') };
  return read;
}

/** Beside this file where it was built, in dist where it runs from its source. */
function textOf(name: string): string {
  const places = [`./${name}`, `../../../dist/report/html/${name}`];
  const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) {
    throw new UserError(
      `Expected the program of the HTML report at ${paths[0]}, found none: it was not built.`,
      'Run npm run build.',
    );
  }
  return readFileSync(found, 'utf8');
}
