import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, UserError } from '../errors.js';
import { checkHead, fileOf, unreadable } from './read.js';
import type { Result } from './result.js';
import { TopLevel } from './top-level.js';

/**
 * Some parts of a result, without reading on behind them: the parts that are asked for in lists stand at the beginning
 * of a file, and the long ones behind. A file is as whole as its end looks; whether all of it can be read, readResult()
 * tells.
 * @param path the folder of a run, or its result.json
 * @param names those without which it is not a result of this version
 * @param optional those that an older one may be without
 * @throws UserError when there is none, or not one that this version can read
 */
export async function readParts<Name extends keyof Result, Optional extends keyof Result = never>(
  path: string,
  names: readonly Name[],
  optional: readonly Optional[] = [],
): Promise<Pick<Result, Name> & Partial<Pick<Result, Optional>>> {
  const file = await fileOf(path);
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const scan = new TopLevel(['format', 'version', ...names, ...optional]);
    await feed(handle, scan);
    const found = partsOf(scan, file);
    if (found['format'] !== undefined && !(await endsWhole(handle))) {
      throw cutOff(file);
    }
    checkHead(found, names, file);
    // The border: what says that it is a result of this version is taken for one.
    return found as unknown as Pick<Result, Name> & Partial<Pick<Result, Optional>>;
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(`${file} cannot be read: ${messageOf(error)}.`);
  } finally {
    await handle.close();
  }
}

/** The parts of a short run fit into one, and little is read in vain. */
const CHUNK = 64 * 1024;

async function feed(handle: FileHandle, scan: TopLevel): Promise<void> {
  while (!scan.done) {
    // A new one each time: the parts are pieces of them.
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK);
    if (bytesRead === 0) {
      return;
    }
    scan.add(buffer.subarray(0, bytesRead));
  }
}

function partsOf(scan: TopLevel, file: string): Readonly<Record<string, unknown>> {
  if (scan.isObject === false) {
    throw new UserError(`Expected a result of pgha-bench in ${file}, found no valid JSON object.`);
  }
  try {
    return Object.fromEntries([...scan.found].map(([name, text]) => [name, JSON.parse(text)]));
  } catch {
    throw cutOff(file);
  }
}

function cutOff(file: string): UserError {
  return new UserError(`Expected a result of pgha-bench in ${file}, found no valid JSON; it may be cut off.`);
}

/**
 * A result is one line, or, where something has laid it out, ends with a brace at the beginning of a line. One that was
 * cut off behind a brace within the line is taken for whole.
 */
async function endsWhole(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  const length = Math.min(size, 64);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  const end = buffer.toString('latin1');
  return /(?:^|\n)\}\s*$/.test(end) || /^[^\n]*\}\s*$/.test(end);
}
