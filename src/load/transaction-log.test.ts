import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../errors.js';
import { RandomStream } from '../workload/random/stream.js';
import { type LogFailure, logPath, TransactionLog, type TransactionLogOptions } from './transaction-log.js';

const folder = mkdtempSync(join(tmpdir(), 'pgha-bench-log-'));
const path = join(folder, 'log');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLAIN: TransactionLogOptions = {
  path,
  samplingRate: 1,
  sampling: RandomStream.fromSeed(1n),
  aggregateUs: null,
  throttled: false,
  latencyLimit: false,
  retries: false,
  failuresDetailed: false,
};
const END_US = 1_795_573_728_000_042;

/** What the log holds after `write`, line by line. */
async function written(
  options: Partial<TransactionLogOptions>,
  write: (log: TransactionLog) => void | Promise<void>,
  endUs?: number,
): Promise<string[]> {
  const log = new TransactionLog({ ...PLAIN, ...options });
  await write(log);
  await log.close(endUs);
  const lines = readFileSync(path, 'latin1').split('\n');
  expect(lines.pop()).toBe('');
  return lines;
}

const FAILURES: readonly LogFailure[] = ['serialization', 'deadlock', 'other'];

function oneOfEach(log: TransactionLog): void {
  log.acknowledged(3, 17, 1234.4, 1, END_US, 56.6, 1);
  for (const failure of FAILURES) {
    log.failed(0, 18, failure, 0, END_US + 0.5, 57, 3);
  }
  log.skipped(12, 2_000_000_000_000, 0, END_US - 43, 5001);
}

test.each<[string, Partial<TransactionLogOptions>, string[]]>([
  [
    'plain',
    {},
    [
      '3 17 1234 1 1795573728 42',
      '0 18 failed 0 1795573728 42',
      '0 18 failed 0 1795573728 42',
      '0 18 failed 0 1795573728 42',
      '12 2000000000000 skipped 0 1795573727 999999',
    ],
  ],
  [
    'throttled',
    { throttled: true, latencyLimit: true },
    [
      '3 17 1234 1 1795573728 42 57',
      '0 18 failed 0 1795573728 42 57',
      '0 18 failed 0 1795573728 42 57',
      '0 18 failed 0 1795573728 42 57',
      '12 2000000000000 skipped 0 1795573727 999999 5001',
    ],
  ],
  [
    'retries and kinds of failures',
    { retries: true, failuresDetailed: true },
    [
      '3 17 1234 1 1795573728 42 0',
      '0 18 serialization 0 1795573728 42 2',
      '0 18 deadlock 0 1795573728 42 2',
      '0 18 other 0 1795573728 42 2',
      '12 2000000000000 skipped 0 1795573727 999999 0',
    ],
  ],
  [
    'all',
    { throttled: true, retries: true, failuresDetailed: true },
    [
      '3 17 1234 1 1795573728 42 57 0',
      '0 18 serialization 0 1795573728 42 57 2',
      '0 18 deadlock 0 1795573728 42 57 2',
      '0 18 other 0 1795573728 42 57 2',
      '12 2000000000000 skipped 0 1795573727 999999 5001 0',
    ],
  ],
])('writes a line for each transaction: %s', async (_name, options, lines) => {
  expect(await written(options, oneOfEach)).toEqual(lines);
});

test('the lag of what never began is 0', async () => {
  const [line] = await written({ throttled: true }, (log) => log.failed(0, 1, 'other', 0, END_US, -1, 1));
  expect(line).toBe('0 1 failed 0 1795573728 42 0');
});

const count = fc.integer({ min: 0, max: 5_000_000_000 });
const transaction = fc.record({
  kind: fc.constantFrom('acknowledged', 'skipped', ...FAILURES),
  client: fc.integer({ min: 0, max: 100_000 }),
  number: count,
  latencyUs: count,
  script: fc.integer({ min: 0, max: 127 }),
  endUs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
  lagUs: count,
  tries: fc.integer({ min: 1, max: 1000 }),
});
type Transaction = typeof transaction extends fc.Arbitrary<infer T> ? T : never;

function put(log: TransactionLog, one: Transaction): void {
  const { kind, client, number, latencyUs, script, endUs, lagUs, tries } = one;
  if (kind === 'acknowledged') {
    log.acknowledged(client, number, latencyUs, script, endUs, lagUs, tries);
  } else if (kind === 'skipped') {
    log.skipped(client, number, script, endUs, lagUs);
  } else {
    log.failed(client, number, kind, script, endUs, lagUs, tries);
  }
}

test('what was written parses back', async () => {
  const property = fc.asyncProperty(fc.array(transaction, { maxLength: 200 }), async (all) => {
    const options = { throttled: true, retries: true, failuresDetailed: true };
    const lines = await written(options, (log) => {
      for (const one of all) {
        put(log, one);
      }
    });
    const parsed = lines.map((line) => {
      const [client, number, word = '', script, seconds, micros, lagUs, retries] = line.split(' ');
      const isLatency = /^\d+$/.test(word);
      return {
        kind: isLatency ? 'acknowledged' : word,
        client: Number(client),
        number: Number(number),
        latencyUs: isLatency ? Number(word) : undefined,
        script: Number(script),
        endUs: Number(seconds) * 1_000_000 + Number(micros),
        lagUs: Number(lagUs),
        tries: Number(retries) + 1,
      };
    });
    expect(parsed).toEqual(
      all.map((one) => ({
        ...one,
        latencyUs: one.kind === 'acknowledged' ? one.latencyUs : undefined,
        tries: one.kind === 'skipped' ? 1 : one.tries,
      })),
    );
  });
  await fc.assert(property, { numRuns: 200, seed: 11 });
});

/** Some 3 MB: many times both buffers. */
const MANY = 100_000;

test.each<[string, number]>([
  ['without a pause, so that the disk is behind at once', Number.POSITIVE_INFINITY],
  ['with pauses in which the disk can follow', 5000],
])('loses nothing and keeps the order, %s', async (_name, between) => {
  const lines = await written({}, async (log) => {
    for (let number = 1; number <= MANY; number += 1) {
      log.acknowledged(7, number, number * 3, 0, END_US + number, 0, 1);
      if (number % between === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });
  expect(lines.length).toBe(MANY);
  const wrong = lines.findIndex(
    (line, index) => line !== `7 ${index + 1} ${(index + 1) * 3} 0 1795573728 ${index + 43}`,
  );
  expect(wrong).toBe(-1);
});

test('a file that was there before is replaced', async () => {
  await written({}, oneOfEach);
  expect(await written({}, () => undefined)).toEqual([]);
});

test('writes a transaction when the number drawn for it is not above the rate', async () => {
  const reference = RandomStream.fromSeed(77n);
  const expected = Array.from({ length: 300 }, (_, index) => ({ index, drawn: reference.double() }))
    .filter(({ drawn }) => drawn <= 0.25)
    .map(({ index }) => index);
  const lines = await written({ samplingRate: 0.25, sampling: RandomStream.fromSeed(77n) }, (log) => {
    for (let number = 0; number < 300; number += 3) {
      log.acknowledged(0, number, 1, 0, END_US, 0, 1);
      log.failed(0, number + 1, 'deadlock', 0, END_US, 0, 1);
      log.skipped(0, number + 2, 0, END_US, 0);
    }
  });
  expect(lines.map((line) => Number(line.split(' ')[1]))).toEqual(expected);
});

const SECOND = 1_000_000;
const SPANS = { aggregateUs: SECOND } as const;

test('an aggregated log has a line for each span, of those without a transaction, too', async () => {
  const fill = (log: TransactionLog) => {
    log.begin(END_US);
    log.acknowledged(0, 1, 100, 0, END_US + 10, 5, 1);
    log.acknowledged(1, 1, 300.4, 0, END_US + SECOND - 1, 7, 3);
    log.failed(0, 2, 'serialization', 0, END_US + SECOND - 1, 9, 2);
    log.failed(0, 3, 'other', 0, END_US + SECOND - 1, 9, 1);
    log.skipped(0, 4, 0, END_US + SECOND - 1, 5000);
    log.failed(0, 5, 'deadlock', 0, END_US + 3 * SECOND, 9, 1);
  };
  expect(await written(SPANS, fill)).toEqual([
    '1795573728 2 400 100000 100 300 0 0 0 0 0 0 0 0 0 0',
    '1795573729 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    '1795573730 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    '1795573731 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
  ]);
  const all = { ...SPANS, throttled: true, latencyLimit: true, retries: true, failuresDetailed: true };
  expect(await written(all, fill, END_US + 5 * SECOND)).toEqual([
    '1795573728 2 400 100000 100 300 12 74 5 7 1 2 3 1 0 1',
    '1795573729 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    '1795573730 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
    '1795573731 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0',
    '1795573732 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0',
  ]);
  expect(await written(SPANS, () => undefined, END_US)).toEqual([]);
});

test('sums are written digit by digit, however large', async () => {
  const [line] = await written(SPANS, (log) => {
    for (let i = 0; i < 3; i += 1) {
      log.acknowledged(0, i, 100_000_000_000_000, 0, END_US, 0, 1);
    }
  });
  const squares = BigInt(3 * 100_000_000_000_000 ** 2);
  expect(line).toBe(
    `1795573728 3 300000000000000 ${squares} ${'100000000000000 '.repeat(2)}${'0 '.repeat(9)}0`,
  );
});

test('the lines of an aggregated log add up to what was put in', async () => {
  const property = fc.asyncProperty(fc.array(transaction, { minLength: 1, maxLength: 100 }), async (all) => {
    const options = { ...SPANS, throttled: true, latencyLimit: true, retries: true, failuresDetailed: true };
    const lines = await written(options, (log) => {
      for (const [index, one] of all.entries()) {
        // Of several clients, not quite in order.
        put(log, { ...one, endUs: END_US + index * 300_000 - (one.latencyUs % 1000) });
      }
    });
    const sum = (column: number) => lines.reduce((total, line) => total + Number(line.split(' ')[column]), 0);
    const of = (kind: Transaction['kind']) => all.filter((one) => one.kind === kind);
    const acknowledged = of('acknowledged');
    const retried = all.filter((one) => one.kind !== 'skipped' && one.tries > 1);
    const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    expect([1, 2, 6, 10, 11, 12, 13, 14, 15].map(sum)).toEqual([
      acknowledged.length,
      total(acknowledged.map((one) => one.latencyUs)),
      total(acknowledged.map((one) => one.lagUs)),
      of('skipped').length,
      retried.length,
      total(retried.map((one) => one.tries - 1)),
      ...FAILURES.map((failure) => of(failure).length),
    ]);
  });
  await fc.assert(property, { numRuns: 200, seed: 12 });
});

test('names the files as pgbench does', () => {
  expect([0, 1, 2].map((worker) => logPath('some/prefix', 4711, worker))).toEqual([
    'some/prefix.4711',
    'some/prefix.4711.1',
    'some/prefix.4711.2',
  ]);
});

test('a file that cannot be opened is told at once', () => {
  const missing = join(folder, 'no such folder', 'log');
  const open = () => new TransactionLog({ ...PLAIN, path: missing });
  expect(open).toThrow(UserError);
  expect(open).toThrow(/no such folder\/log cannot be written: ENOENT/);
});

test.each<[string, number]>([
  ['the last lines', 1],
  ['chunks in between', MANY],
])('a disk that is full is told at the end: %s', async (_name, lines) => {
  const log = new TransactionLog({ ...PLAIN, path: '/dev/full' });
  for (let number = 0; number < lines; number += 1) {
    log.acknowledged(0, number, 1, 0, END_US, 0, 1);
  }
  const closed = log.close();
  await expect(closed).rejects.toThrow(UserError);
  await expect(closed).rejects.toThrow(/dev\/full is not complete: ENOSPC/);
});
