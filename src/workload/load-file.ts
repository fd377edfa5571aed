import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeOf, messageOf, UserError } from '../errors.js';
import { checkDefinition } from './definition.js';
import { noSchema } from './no-schema.js';
import { ownSchema } from './own-schema.js';
import { resolveWorkload } from './registry.js';
import type { Workload, WorkloadDefinition } from './workload.js';

const MODULES = ['.js', '.mjs', '.ts', '.mts'];

/** Whether a word means a file of one's own rather than a built-in. */
export function isFileName(word: string): boolean {
  return word.includes('/') || word.includes('\\') || ['.sql', ...MODULES].includes(extname(word));
}

/**
 * A workload of one's own: a script in pgbench's language, or a module whose default export is a WorkloadDefinition.
 * @throws UserError that names the file, for whatever is wrong in it
 */
export async function loadWorkloadFile(path: string): Promise<Workload> {
  const extension = extname(path);
  if (extension === '.sql') {
    return scriptWorkload(path, await readScript(path));
  }
  if (!MODULES.includes(extension)) {
    throw new UserError(
      `${path}: expected a workload file, one of .sql, ${MODULES.join(', ')}.`,
      'A script of another name is run with --file.',
    );
  }
  await refuseAbsent(path);
  const { href } = pathToFileURL(resolve(path));
  return resolveWorkload(
    ownDefinition(checkDefinition(await defaultExport(path, href), path), path),
    href,
    path,
  );
}

/** The same, with a schema of its own such that what fails in it names the file. */
function ownDefinition(definition: WorkloadDefinition, path: string): WorkloadDefinition {
  const { schema } = definition;
  return typeof schema === 'string' ? definition : { ...definition, schema: ownSchema(schema, path) };
}

/** A workload of nothing but a script: it says nothing of its tables, and goes where it may write. */
export function scriptWorkload(path: string, text: string): Workload {
  const isStdin = path === '-';
  return {
    name: isStdin ? 'stdin' : basename(path, extname(path)),
    aliases: [],
    summary: '',
    options: [],
    schema: noSchema,
    // Errors in a script name it, so that it has the name by which the user knows the file.
    scripts: [{ name: isStdin ? 'stdin' : path, weight: 1, route: 'rw', text }],
    url: null,
  };
}

/** The text of a script. @throws UserError when it cannot be read */
export async function readScript(path: string): Promise<string> {
  await refuseAbsent(path);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(`${path}: the file cannot be read: ${messageOf(error)}.`);
  }
}

async function refuseAbsent(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) {
      throw new UserError(`${path}: expected a file, found a directory.`);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      throw new UserError(
        `There is no file '${path}'.`,
        "Check the path; 'pgha-bench workloads' lists the built-ins.",
      );
    }
    throw error instanceof UserError
      ? error
      : new UserError(`${path}: the file cannot be read: ${messageOf(error)}.`);
  }
}

async function defaultExport(path: string, href: string): Promise<unknown> {
  // Node's own word for it would be an unknown file extension.
  if (/\.m?ts$/.test(path) && !stripsTypes()) {
    throw new UserError(
      `${path}: this Node, ${process.version}, does not run TypeScript.`,
      'Use Node 22.18 or later, or compile the file to .js.',
    );
  }
  try {
    const module: { readonly default?: unknown } = await import(href);
    return module.default;
  } catch (error) {
    throw new UserError(`${path}: ${await loadProblem(error, path)}.`);
  }
}

/** Node 22.18 and later say `strip`, or `transform`; earlier ones false, or nothing. */
function stripsTypes(): boolean {
  const { typescript = false } = process.features as { readonly typescript?: string | false };
  return typescript !== false;
}

async function loadProblem(error: unknown, path: string): Promise<string> {
  const [firstLine = ''] = messageOf(error).split('\n');
  const message = firstLine.replace(/\.$/, '');
  if (error instanceof SyntaxError) {
    const line = await lineOfSyntaxError(path);
    return `it does not parse${line === undefined ? '' : `, line ${line}`}: ${message}`;
  }
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const line = stack.split(pathToFileURL(resolve(path)).href)[1]?.match(/^:(\d+)/)?.[1];
  return `it could not be loaded${line === undefined ? '' : `, line ${line}`}: ${message}`;
}

/** Which line it is, import() does not tell, but Node's own check of a file does. */
function lineOfSyntaxError(path: string): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(process.execPath, ['--check', resolve(path)], (_, _stdout, stderr) => {
      done(/^.*:(\d+)$/m.exec(stderr)?.[1]);
    });
  });
}
