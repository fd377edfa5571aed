import { describe, expect, it } from 'vitest';
import { DEADLOCK, SERIALIZATION_FAILURE, UNIQUE_VIOLATION } from '../postgres/failure.js';
import { ABORTED } from '../postgres/outcome.js';
import { RandomStream } from '../workload/random/stream.js';
import type { ClientGroup, Member } from './client-group.js';
import { clientTimes } from './client-times.js';
import { OwedTransaction } from './owed-transaction.js';
import type { Share } from './share.js';

interface Given {
  readonly restarts?: boolean;
  readonly maxTries?: number;
  readonly latencyLimitUs?: number;
  /** Of an open pace. */
  readonly instantsUs?: readonly number[];
  readonly onSkipped?: () => void;
  /** Transactions that may begin. */
  readonly limit?: number;
}

describe('contention', () => {
  it('has the same transaction tried with the same values', () => {
    const { owed, draw, fail } = owing();
    const first = draw(0);
    expect(fail(DEADLOCK, 10)).toBe(true);
    expect(draw(11)).toBe(first);
    expect(fail(SERIALIZATION_FAILURE, 20)).toBe(true);
    expect(draw(21)).toBe(first);
    expect(owed.intendedUs).toBe(0);
  });

  it('has it begin anew with other values as in sysbench, also for a key that is there', () => {
    const { draw, fail } = owing({ restarts: true });
    const first = draw(0);
    expect(fail(UNIQUE_VIOLATION, 10)).toBe(true);
    expect(draw(11)).not.toBe(first);
  });

  it('does not have it tried more often than it may be', () => {
    const { draw, fail } = owing({ maxTries: 2 });
    draw(0);
    expect(fail(DEADLOCK, 10)).toBe(true);
    draw(11);
    expect(fail(DEADLOCK, 20)).toBe(false);
  });

  it('does not have it tried when the latency limit is over', () => {
    const { draw, fail } = owing({ latencyLimitUs: 100 });
    draw(0);
    expect(fail(DEADLOCK, 99)).toBe(true);
    expect(fail(DEADLOCK, 100)).toBe(false);
  });

  it('is not what else fails', () => {
    const { draw, fail } = owing();
    draw(0);
    expect([fail(UNIQUE_VIOLATION, 1), fail('08006', 1)]).toEqual([false, false]);
  });
});

describe('the log', () => {
  it('numbers transactions and counts the tries of each, however it ends', () => {
    const { owed, draw, fail, told } = owing();
    draw(0);
    fail(DEADLOCK, 10);
    draw(11);
    owed.acknowledged(0, 0, 20);
    owed.take(30);
    draw(30);
    fail(SERIALIZATION_FAILURE, 31);
    owed.givenUp(32);
    owed.take(40);
    owed.completed(41);
    expect(told).toEqual(['1 acknowledged, 2 tries', '2 serialization, 2 tries', '3 acknowledged, 1 tries']);
  });

  it('has a transaction that the end of the run takes away, but not one that was never tried', () => {
    const { owed, draw, fail, told } = owing();
    draw(0);
    fail('08006', 10);
    owed.abandon(20);
    owed.take(30);
    owed.abandon(31);
    expect(told).toEqual(['1 other, 1 tries']);
    expect(owed.intendedUs).toBeLessThan(0);
  });

  it('begins with number 1 where what was before does not count', () => {
    const { owed, told } = owing();
    owed.completed(1);
    owed.forget();
    owed.take(2);
    owed.completed(3);
    expect(told).toEqual(['1 acknowledged, 1 tries', '1 acknowledged, 1 tries']);
  });
});

describe('an open pace', () => {
  it('gives each transaction its instant, and skips those that are too late', () => {
    const { owed, told } = owing({ instantsUs: [10, 50, 150, 300], latencyLimitUs: 100 }, 200);
    expect(owed.intendedUs).toBe(150);
    expect(told).toEqual(['1 skipped, 190 late', '2 skipped, 150 late']);
    owed.completed(210);
    expect([owed.take(210), owed.intendedUs]).toEqual([true, 300]);
  });

  it('still owes what it skips when it tells so: the warm-up may end then, and counts what is owed', () => {
    const owedThen: boolean[] = [];
    const { owed } = owing({
      instantsUs: [0, 10, 900],
      latencyLimitUs: 100,
      onSkipped: () => owedThen.push(owed.intendedUs === 10),
    });
    owed.completed(0);
    owed.take(500);
    expect(owedThen).toEqual([true]);
  });

  it('tells once how late the first attempt is', () => {
    const { owed, told } = owing({ instantsUs: [10] });
    owed.due(15);
    owed.due(40);
    expect(told).toEqual(['5 lagged']);
  });

  it('ends with its last instant', () => {
    const { owed } = owing({ instantsUs: [10] });
    owed.completed(20);
    expect(owed.take(20)).toBe(false);
  });

  it('counts what it skips for the limit of transactions', () => {
    const { owed, told } = owing({ instantsUs: [10, 20, 30, 900], latencyLimitUs: 100, limit: 2 }, 900);
    expect(told).toEqual(['1 skipped, 890 late', '2 skipped, 880 late']);
    expect(owed.take(900)).toBe(false);
  });
});

/** A client's transaction, taken at nowUs, and what the log was told. */
function owing(given: Given = {}, nowUs = 0) {
  const told: string[] = [];
  const random = new RandomStream(1, 2);
  const instants = [...(given.instantsUs ?? [])];
  const pacer = given.instantsUs && { nextUs: () => instants.shift() ?? Infinity };
  const share = { chooseScript: () => 0, pacer } as unknown as Share;
  const client: Member = { id: 0, phase: 'running', counted: 0, wake: NOTHING };
  const owed = new OwedTransaction(client, groupOf(given, told), share, random, 1);
  owed.take(nowUs);
  return {
    owed,
    told,
    /** Begins an attempt, and draws a value. */
    draw(atUs: number): number {
      owed.begin(atUs);
      random.next();
      return random.lo;
    },
    fail(code: string, atUs: number): boolean {
      owed.failed('', ABORTED, { code, message: '' }, atUs);
      return owed.triesAgain(atUs);
    },
  };
}

const NOTHING = (): void => undefined;

function groupOf(given: Given, told: string[]): ClientGroup {
  const { restarts = false, maxTries = Infinity, latencyLimitUs = Infinity, limit = Infinity } = given;
  const recorder = {
    acknowledged: NOTHING,
    completed: NOTHING,
    failed: NOTHING,
    retried: NOTHING,
    skipped: given.onSkipped ?? NOTHING,
    lagged: (_: number, lagUs: number) => told.push(`${lagUs} lagged`),
  };
  const log = {
    acknowledged: (...[, number, , , , , tries]: readonly number[]) =>
      told.push(`${number} acknowledged, ${tries} tries`),
    failed: (...[, number, word, , , , tries]: readonly (number | string)[]) =>
      told.push(`${number} ${word}, ${tries} tries`),
    skipped: (...[, number, , , lateUs]: readonly number[]) => told.push(`${number} skipped, ${lateUs} late`),
  };
  const group: Partial<Record<keyof ClientGroup, unknown>> = {
    restarts,
    maxTries,
    latencyLimitUs,
    recorder,
    log,
    running: true,
    clientTimes: clientTimes(2),
    epochUs: (atUs: number) => atUs,
    mayBegin: (client: Member) => client.counted < limit,
    countTransaction: (client: Member) => client.counted++,
  };
  return group as unknown as ClientGroup;
}
