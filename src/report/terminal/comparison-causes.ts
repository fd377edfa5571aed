import type { Comparison } from '../../compare/comparison.js';
import { cut, plain, type Style, table } from './text.js';

/** What else is not the same, as a table with a column for each run. */
export function causeLines({ base, candidates, differences }: Comparison, style: Style): string[] {
  const title = style.paint('Differs, too: possible causes', 'bold');
  if (differences.length === 0) {
    return [title, '  Nothing: settings, versions, hardware and plan are the same.'];
  }
  const names = [base, ...candidates].map(({ name }) => plain(name));
  const room = Math.max(LEAST_ROOM, Math.floor((style.columns - NAME - GAP) / names.length) - GAP);
  const cell = (text: string) => cut(text, room, style);
  const head = ['', ...names.map((name) => style.paint(cell(name), 'dim'))];
  const rows = differences.map(({ name, values }) => [
    cut(plain(name), NAME, style),
    ...values.map((value) => (value === null ? 'not known' : cell(plain(value)))),
  ]);
  return [title, ...table([head, ...rows], ['left', ...names.map(() => 'left' as const)])];
}

const NAME = 30;
const GAP = 2;
const LEAST_ROOM = 9;
