import type { TerminalOptions } from '../report/terminal/text.js';

/** What of a stream decides how it is written to. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * How a stream is to be written to: in colours on a terminal that has them, unless NO_COLOR forbids it, and elsewhere
 * where FORCE_COLOR asks for it; beyond ASCII where the locale says so, and always in a pipe or a file, which is read
 * later, by something that knows UTF-8.
 */
export function terminalOf(
  out: Output,
  env: Readonly<Record<string, string | undefined>> = process.env,
): TerminalOptions {
  const tty = out.isTTY === true;
  const forced = !['', '0', 'false', undefined].includes(env['FORCE_COLOR']);
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return {
    // A terminal without a size, as that of a CI job may be, is as wide as most are.
    columns: (tty && out.columns) || 80,
    color: !env['NO_COLOR'] && (forced || (tty && env['TERM'] !== 'dumb')),
    unicode: !tty || /utf-?8/i.test(locale),
  };
}
