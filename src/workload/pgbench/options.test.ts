import { expect, test } from 'vitest';
import { UserError } from '../../errors.js';
import { parseOptions, resolveWorkload } from '../registry.js';
import { initSettings, PGBENCH_OPTIONS } from './options.js';

const tables = resolveWorkload({ name: 'mine', summary: '', schema: 'pgbench', scripts: [] });

/** As from the command line. */
function settings(given: Record<string, string>) {
  return initSettings(parseOptions(tables, given));
}

test('what is absent has the default of pgbench', () => {
  expect(initSettings({})).toEqual({
    scale: 1,
    steps: ['d', 't', 'g', 'v', 'p'],
    fillfactor: 100,
    partitioning: null,
    unlogged: false,
    tablespace: null,
    indexTablespace: null,
  });
  expect(settings({})).toEqual(initSettings({}));
});

test.each([
  [{ 'init-steps': ' dt g ' }, 'dtg'],
  [{ 'init-steps': 'dtvGvpf' }, 'dtvGvpf'],
  [{ 'init-steps': ' ' }, ''],
  [{ 'no-vacuum': '' }, 'dtgp'],
  [{ 'no-vacuum': '', 'init-steps': 'vdvtgv' }, 'dtg'],
  [{ 'no-vacuum': '', 'init-steps': 'v' }, ''],
  [{ 'foreign-keys': '' }, 'dtgvpf'],
  [{ 'foreign-keys': '', 'init-steps': 'dtpfg' }, 'dtpfg'],
  [{ 'foreign-keys': '', 'no-vacuum': '', 'init-steps': 'dtpgv' }, 'dtpgf'],
])('%j makes the steps "%s"', (given, steps) => {
  expect(settings(given).steps.join('')).toBe(steps);
});

test.each([
  [{ partitions: '3' }, { method: 'range', count: 3 }],
  [
    { partitions: '1', 'partition-method': 'hash' },
    { method: 'hash', count: 1 },
  ],
  [
    { partitions: '2', 'partition-method': 'RANGE' },
    { method: 'range', count: 2 },
  ],
  [{ partitions: '0' }, null],
])('%j partitions by %j', (given, partitioning) => {
  expect(settings(given).partitioning).toEqual(partitioning);
});

test.each([
  [{ 'init-steps': '' }, '--init-steps: expected letters of dtgGvpf, found none.'],
  [{ 'init-steps': 'dtx' }, "--init-steps: expected letters of dtgGvpf, found 'x' in 'dtx'."],
  [{ 'init-steps': 'd,t' }, "--init-steps: expected letters of dtgGvpf, found ',' in 'd,t'."],
  [{ 'init-steps': 'dt\tg' }, "--init-steps: expected letters of dtgGvpf, found '\t' in 'dt\tg'."],
  [{ 'no-vacuum': '', 'init-steps': 'V' }, "--init-steps: expected letters of dtgGvpf, found 'V' in 'V'."],
  [{ fillfactor: '9' }, "--fillfactor: expected a whole number from 10 to 100, found '9'."],
  [{ fillfactor: '101' }, "--fillfactor: expected a whole number from 10 to 100, found '101'."],
  [{ partitions: '-1' }, "--partitions: expected a whole number from 0 to 2147483647, found '-1'."],
  [
    { partitions: '2', 'partition-method': 'list' },
    "--partition-method: expected range or hash, found 'list'.",
  ],
  [
    { 'partition-method': 'range' },
    '--partition-method: expected --partitions of at least 1 beside it, found 0. Say how many partitions there shall be, or leave the method out.',
  ],
])('%j is refused', (given, message) => {
  expect(() => settings(given)).toThrow(new UserError(message));
});

test('each command has its own options', () => {
  const of = (command?: 'init' | 'run') =>
    PGBENCH_OPTIONS.filter((option) => option.command === command).map(({ name }) => name);
  expect(of()).toEqual(['scale', 'no-vacuum']);
  expect(of('run')).toEqual(['vacuum-all']);
});
