import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import { LAG_FILE, RESPONSE_FILE, SERVICE_FILE } from '../result/store.js';
import type { NamedResult, ReportFormat, TimesKind } from './format.js';

/** The HdrHistogram log that lies beside a result. */
export const HLOG: ReportFormat = {
  name: 'hlog',
  describe: 'HdrHistogram log of one result: response times, or what --kind says',
  extension: 'hlog',
  render: (results, { times = 'response' } = {}) => {
    const [only, ...others] = results;
    if (only === undefined || others.length > 0) {
      throw new UserError(
        `--format hlog: expected one result, found ${results.length}.`,
        'Its lines have no room for which result they are of.',
      );
    }
    return logOf(only, times);
  },
};

const FILES: Readonly<Record<TimesKind, string>> = {
  response: RESPONSE_FILE,
  service: SERVICE_FILE,
  lag: LAG_FILE,
};

async function logOf({ name, directory, result }: NamedResult, times: TimesKind): Promise<string> {
  if (times === 'lag' && result.plan.pace.kind === 'closed') {
    throw new UserError(
      `--kind lag: ${name} ran without --rate and --stages, so nothing was behind a plan.`,
      'Use --kind response or service.',
    );
  }
  if (directory === null) {
    throw new UserError(`--format hlog: ${name} was not kept in a folder, where ${FILES[times]} would be.`);
  }
  const file = join(directory, FILES[times]);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw new UserError(
        `--format hlog: expected ${FILES[times]} beside the result, found none in ${directory}.`,
        'Name the folder that the run left.',
      );
    }
    throw new UserError(`${file} cannot be read: ${messageOf(error)}.`);
  }
}
