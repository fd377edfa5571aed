import { type Arguments, once } from '../api/arguments.js';
import { diagnoseGiven, exitCodeOf, listChecks, switchOf, type TargetDiagnosis } from '../api/doctor.js';
import { EXIT } from '../api/exit.js';
import { DIAGNOSIS_FORMATS, renderDiagnosis } from '../api/render-diagnosis.js';
import { choice } from '../plan/words.js';
import { labelled, styleOf, type TerminalOptions } from '../report/terminal/text.js';
import { terminalOf } from './terminal.js';
import { givenBy } from './words.js';

export { DOCTOR_FLAGS } from '../api/doctor.js';

export const DOCTOR_EPILOGUE =
  'It only reads, but for --write-probe. Exit code 0: a run makes sense, whatever else was found; 1: a run would fail or mislead, or, with --strict, its figures would be other than they seem; 2: wrong use, or nothing of the target answers. docs/doctor.md lists the checks.';

/** `pgha-bench doctor`. @returns the exit code */
export async function doctor(args: Arguments): Promise<number> {
  const given = givenBy(args);
  const format = choice(once(args, 'format') ?? 'terminal', '--format', DIAGNOSIS_FORMATS);
  const isStrict = switchOf(given, 'strict');
  const terminal = terminalOf(process.stdout);
  if (switchOf(given, 'list')) {
    const list = listChecks();
    process.stdout.write(format === 'json' ? `${JSON.stringify(list, null, 2)}\n` : listOf(terminal));
    return EXIT.ok;
  }
  const diagnosis = await diagnoseGiven(given);
  process.stdout.write(renderDiagnosis(diagnosis, format, { terminal }));
  if (format === 'terminal') {
    process.stdout.write(writeProbeLines(diagnosis, terminal));
  }
  return exitCodeOf(diagnosis, isStrict);
}

/** All checks by their layers. */
export function listOf(terminal: TerminalOptions): string {
  const style = styleOf(terminal);
  const checks = listChecks();
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
  return `${labelled('', text, 0, styleOf(terminal)).join('\n')}\n`;
}

function millis(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
