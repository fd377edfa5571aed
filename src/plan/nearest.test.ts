import { expect, test } from 'vitest';
import { didYouMean } from './nearest.js';

test.each([
  ['rum', ['run', 'init'], " Did you mean 'run'?"],
  ['tcpb', ['tpcb', 'scan'], " Did you mean 'tpcb'?"],
  ['table-sizes', ['tables', 'table-size'], " Did you mean 'table-size'?"],
  ['--clinets', ['--rw', '--clients'], " Did you mean '--clients'?"],
  ['swi', ['switchover', 'none'], " Did you mean 'switchover'?"],
  // Anything is near to these.
  ['x', ['rw', 'ro'], ''],
  ['rows', ['rw', 'ro'], ''],
  ['--xy', ['--rw', '--ro'], ''],
  ['-x', ['--c'], ''],
  ['1.2', ['1.0', '1.1'], ''],
])('%s among %j', (word, known, expected) => {
  expect(didYouMean(word, known)).toBe(expected);
});
