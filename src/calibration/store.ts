import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import { makeDirectory } from '../lab/state.js';
import type { Calibration, MeasuredLoad, ProtocolCost } from './calibration.js';

/** Where it is kept. @param directory of all state */
export function calibrationFile(directory: string): string {
  return join(directory, 'calibration.json');
}

/** What was kept; why there is nothing, a sentence, where there is none or it cannot be read: a run needs it not. */
export async function readCalibration(
  directory: string,
): Promise<Calibration | { readonly missing: string }> {
  let text: string;
  try {
    text = await readFile(calibrationFile(directory), 'utf8');
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')
      ? {
          missing: "This machine is not calibrated: 'pgha-bench calibrate' measures what its workers can do.",
        }
      : { missing: `The calibration cannot be read: ${messageOf(error)}.` };
  }
  return (
    parseCalibration(text) ?? {
      missing:
        "The calibration is damaged, or of another version of this program: 'pgha-bench calibrate' measures again.",
    }
  );
}

/** Atomic, so that a run never reads half of it. @throws UserError when it cannot be written */
export async function writeCalibration(directory: string, calibration: Calibration): Promise<string> {
  const file = calibrationFile(directory);
  const draft = `${file}.${process.pid}.new`;
  try {
    await makeDirectory(directory);
    await writeFile(draft, `${JSON.stringify(calibration, null, 2)}\n`);
    await rename(draft, file);
    return file;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new UserError(
      `The calibration must be writable at ${file}: ${messageOf(error)}.`,
      'Choose another place with --state-dir DIR or PGHA_BENCH_STATE.',
    );
  }
}

/** Null for what is none. */
export function parseCalibration(text: string): Calibration | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isCalibration(value) ? value : null;
}

function isCalibration(value: unknown): value is Calibration {
  if (!isRecord(value) || !isRecord(value['machine'])) {
    return false;
  }
  const { cpu, cores, node, tool } = value['machine'];
  const { format, version, at, protocols, notes } = value;
  return (
    format === 'pgha-bench/calibration' &&
    version === 1 &&
    typeof at === 'string' &&
    !Number.isNaN(Date.parse(at)) &&
    [cpu, node, tool].every((each) => typeof each === 'string') &&
    isPositive(cores) &&
    Array.isArray(protocols) &&
    protocols.every(isProtocolCost) &&
    Array.isArray(notes) &&
    notes.every((note) => typeof note === 'string')
  );
}

/** What is divided by must be above 0, whatever a hand wrote into the file. */
function isProtocolCost(value: unknown): value is ProtocolCost {
  if (!isRecord(value)) {
    return false;
  }
  const { protocol, transactionUs, statementUs, measured } = value;
  return (
    typeof protocol === 'string' &&
    Number.isFinite(transactionUs) &&
    typeof transactionUs === 'number' &&
    isPositive(statementUs) &&
    transactionUs >= 0 &&
    Array.isArray(measured) &&
    measured.length === 2 &&
    measured.every(isMeasuredLoad)
  );
}

function isMeasuredLoad(value: unknown): value is MeasuredLoad {
  return isRecord(value) && typeof value['workload'] === 'string' && isPositive(value['costUs']);
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
