import { describe, expect, it } from 'vitest';
import {
  CONNECT_TIMEOUT,
  DEADLOCK,
  SERIALIZATION_FAILURE,
  STATEMENT_TIMEOUT,
  TRANSACTION_TIMEOUT,
} from '../postgres/failure.js';
import { isContended, logFailureOf, overdueFailure } from './client-failures.js';

const DEADLINES = { connectUs: 1_000_000, statementUs: 2_000_000, transactionUs: 3_000_000 };
const UNIQUE_VIOLATION = '23505';

describe('what is overdue', () => {
  it.each([
    [true, 90, CONNECT_TIMEOUT, 'within 1000 ms'],
    [false, 99, STATEMENT_TIMEOUT, 'within 2000 ms'],
    [false, 100, TRANSACTION_TIMEOUT, 'within 3000 ms'],
  ])('(connects: %s) at %d µs, with a deadline of 100 for the transaction, is %s', (...row) => {
    const [connects, nowUs, code, words] = row;
    const failure = overdueFailure(DEADLINES, connects, 100, nowUs);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(words);
  });
});

describe('contention', () => {
  it.each([
    [SERIALIZATION_FAILURE, true, true],
    [DEADLOCK, true, true],
    [UNIQUE_VIOLATION, false, true],
    ['22012', false, false],
  ])('is %s: %s for pgbench, %s for sysbench', (code, pgbench, sysbench) => {
    expect([isContended(code, false), isContended(code, true)]).toEqual([pgbench, sysbench]);
  });
});

it('names failures as the log of pgbench does', () => {
  expect([SERIALIZATION_FAILURE, DEADLOCK, UNIQUE_VIOLATION].map(logFailureOf)).toEqual([
    'serialization',
    'deadlock',
    'other',
  ]);
});
