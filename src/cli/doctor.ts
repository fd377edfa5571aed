import { type Arguments, once } from '../api/arguments.js';
import {
  diagnoseGiven,
  exitCodeOf,
  listChecks,
  switchOf,
  DOCTOR_FLAGS as TARGET_DOCTOR_FLAGS,
  type TargetDiagnosis,
} from '../api/doctor.js';
import { diagnoseFiles, FILE_FLAGS, givenFiles, listFileChecks } from '../api/doctor-files.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { DIAGNOSIS_FORMATS, renderDiagnosis } from '../api/render-diagnosis.js';
import { choice } from '../plan/words.js';
import { labelled, plain, styleOf, type TerminalOptions } from '../report/terminal/text.js';
import { Interrupt } from './interrupt.js';
import { terminalOf } from './terminal.js';
import { givenBy } from './words.js';

export const DOCTOR_FLAGS: Flags = { ...FILE_FLAGS, ...TARGET_DOCTOR_FLAGS };

export const DOCTOR_EPILOGUE =
  'It only reads, but for --write-probe. Exit code 0: a run makes sense, whatever else was found; 1: a run would fail or mislead, or, with --strict, its figures would be other than they seem; 2: wrong use, or nothing of the target answers. docs/doctor.md lists the checks.';

/** `pgha-bench doctor`. @returns the exit code */
export async function doctor(args: Arguments): Promise<number> {
  const given = givenBy(args);
  const format = choice(once(args, 'format') ?? 'terminal', '--format', DIAGNOSIS_FORMATS);
  const isStrict = switchOf(given, 'strict');
  const terminal = terminalOf(process.stdout);
  if (switchOf(given, 'list')) {
    const list = [...listChecks(), ...listFileChecks()];
    process.stdout.write(format === 'json' ? `${JSON.stringify(list, null, 2)}\n` : listOf(terminal));
    return EXIT.ok;
  }
  const files = await givenFiles(given.args);
  if (files !== null) {
    const diagnosis = await diagnoseFiles(files);
    process.stdout.write(renderDiagnosis(diagnosis, format, { terminal }));
    return exitCodeOf(diagnosis, isStrict);
  }
  // What only reads may end at once.
  const interrupt = switchOf(given, 'write-probe') ? new Interrupt(() => LEFT) : null;
  try {
    const diagnosis = await diagnoseGiven(given, interrupt?.signal);
    show(diagnosis, format, terminal);
    return interrupt?.signal.aborted === true ? EXIT.interrupted : exitCodeOf(diagnosis, isStrict);
  } finally {
    interrupt?.release();
  }
}

/** Told by whoever does not let it end. */
const LEFT = 'A table whose name begins with pgha_bench_doctor_ may be left.\n';

function show(
  diagnosis: TargetDiagnosis,
  format: (typeof DIAGNOSIS_FORMATS)[number],
  terminal: TerminalOptions,
): void {
  process.stdout.write(renderDiagnosis(diagnosis, format, { terminal }));
  if (format === 'terminal') {
    process.stdout.write(writeProbeLines(diagnosis, terminal));
  }
}

/** All checks by their layers. */
export function listOf(terminal: TerminalOptions): string {
  const style = styleOf(terminal);
  const checks = [...listChecks(), ...listFileChecks()];
  const width = Math.max(...checks.map(({ id }) => id.length)) + 4;
  const lines = [...new Set(checks.map(({ layer }) => layer))].flatMap((layer) => [
    style.paint(layer, 'bold'),
    ...checks
      .filter((check) => check.layer === layer)
      .flatMap(({ id, about }) => labelled(`  ${id}`, about, width, style)),
    '',
  ]);
  return `${lines.join('\n').trimEnd()}\n`;
}

function writeProbeLines({ writeProbe }: TargetDiagnosis, terminal: TerminalOptions): string {
  if (writeProbe === null) {
    return '';
  }
  const { ackMs, visibleMs } = writeProbe;
  const seen = Object.entries(visibleMs).map(
    ([name, ms]) => `${name} ${ms === null ? 'not at all' : millis(ms)}`,
  );
  const text = `A row was acknowledged after ${millis(ackMs)}, and could be read after: ${seen.join(', ')}.`;
  return `${labelled('', plain(text), 0, styleOf(terminal)).join('\n')}\n`;
}

function millis(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
