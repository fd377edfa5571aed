import { describe, expect, it } from 'vitest';
import { bucketOf } from '../histogram.js';
import { ABORTED, ACK, IN_DOUBT, OUTCOMES, SKIPPED } from '../postgres/outcome.js';
import type { Frame } from './frame.js';
import { Recorder, type RecorderOptions } from './recorder.js';

function recorder(given: Partial<RecorderOptions> = {}): { record: Recorder; frames: Frame[] } {
  const frames: Frame[] = [];
  const record = new Recorder({
    worker: 3,
    routes: ['rw', 'ro'],
    intervalUs: 100_000,
    warmupUs: 0,
    latencyLimitUs: Infinity,
    emit: (frame) => frames.push(frame),
    ...given,
  });
  return { record, frames };
}

describe('Recorder', () => {
  it('puts an acknowledgement into the interval in which it came', () => {
    const { record, frames } = recorder();
    const server = record.serverIndex('127.0.1.1:5432', 'rw', true);
    record.acknowledged(0, server, ACK, 90_000, 90_000, 99_999);
    record.acknowledged(0, server, ACK, 99_000, 99_000, 100_000);
    record.acknowledged(0, server, ACK, 350_000, 350_000, 351_000);
    record.flush();
    expect(frames.map((frame) => frame.interval)).toEqual([0, 1, 3]);
    expect(frames.map((frame) => frame.scripts[0]?.outcomes[ACK])).toEqual([1, 1, 1]);
    expect(frames[0]?.worker).toBe(3);
  });

  it('keeps first and last acknowledgement, by script and by server', () => {
    const { record, frames } = recorder();
    const one = record.serverIndex('a:1', 'rw', true);
    const two = record.serverIndex('b:1', 'rw', true);
    expect(record.serverIndex('a:1', 'rw', true)).toBe(one);
    record.acknowledged(0, one, ACK, 0, 0, 10);
    record.acknowledged(0, two, ACK, 0, 0, 20);
    record.acknowledged(0, one, ACK, 0, 0, 30);
    record.flush();
    expect(frames[0]?.scripts[0]).toMatchObject({ firstAckUs: 10, lastAckUs: 30 });
    expect(frames[0]?.servers).toEqual([
      { server: 'a:1', route: 'rw', writes: true, via: 'load', acks: 2, firstAckUs: 10, lastAckUs: 30 },
      { server: 'b:1', route: 'rw', writes: true, via: 'load', acks: 1, firstAckUs: 20, lastAckUs: 20 },
    ]);
  });

  it('tells service from response time only where they differ', () => {
    const { record, frames } = recorder();
    const server = record.serverIndex('a:1', 'rw', true);
    record.acknowledged(1, server, ACK, 1000, 1000, 1500);
    record.acknowledged(1, server, ACK, 1000, 4000, 4700);
    record.flush();
    const script = frames[0]?.scripts[0];
    expect([...(script?.punctual ?? [])]).toEqual([bucketOf(500), 1]);
    expect([...(script?.delayedService ?? [])]).toEqual([bucketOf(700), 1]);
    expect([...(script?.delayedResponse ?? [])]).toEqual([bucketOf(3700), 1]);
    expect(script).toMatchObject({ script: 1, maxServiceUs: 700, maxResponseUs: 3700 });
  });

  it('adds failures up by outcome, code and server, and keeps the first message', () => {
    const { record, frames } = recorder();
    record.failed(0, 'a:1', ABORTED, { code: '25006', message: 'first' }, 10);
    record.failed(0, 'a:1', ABORTED, { code: '25006', message: 'second' }, 20);
    record.failed(0, 'a:1', IN_DOUBT, { code: '57P01', message: 'gone' }, 30);
    record.flush();
    expect(frames[0]?.errors).toEqual([
      expect.objectContaining({
        outcome: 'aborted',
        code: '25006',
        count: 2,
        firstUs: 10,
        lastUs: 20,
        message: 'first',
      }),
      expect.objectContaining({ outcome: 'in_doubt', code: '57P01', count: 1 }),
    ]);
    expect(frames[0]?.scripts[0]?.outcomes).toEqual(
      OUTCOMES.map((name) => ({ aborted: 2, in_doubt: 1 })[name as string] ?? 0),
    );
  });

  it('counts intervals from the restart on, however long it recorded before', () => {
    const { record, frames } = recorder();
    const server = record.serverIndex('a:1', 'rw', true);
    record.roll(730_000);
    record.restart();
    frames.length = 0;
    record.acknowledged(0, server, ACK, 0, 0, 10_000);
    record.acknowledged(0, server, ACK, 0, 0, 110_000);
    record.flush();
    expect(frames.map((frame) => frame.interval)).toEqual([0, 1]);
  });

  it('begins each frame anew', () => {
    const { record, frames } = recorder();
    const server = record.serverIndex('a:1', 'rw', true);
    record.acknowledged(0, server, ACK, 0, 0, 10);
    record.failed(0, '', ABORTED, { code: 'x', message: '' }, 10);
    record.connectStarted(10);
    record.connected(5, 10);
    record.stalled(99);
    record.flush();
    record.flush();
    expect(frames[0]).toMatchObject({ stallUs: 99, connects: { attempts: 1, successes: 1 } });
    expect(frames[1]).toMatchObject({
      scripts: [],
      errors: [],
      servers: [],
      stallUs: 0,
      connects: { attempts: 0, successes: 0 },
    });
  });

  it('drops the warm-up and tells everything from its end on', () => {
    const { record, frames } = recorder({ warmupUs: 200_000 });
    const server = record.serverIndex('a:1', 'rw', true);
    record.acknowledged(0, server, ACK, 0, 0, 199_999);
    record.failed(0, 'a:1', ABORTED, { code: '57P01', message: '' }, 199_999);
    record.acknowledged(0, server, ACK, 150_000, 150_000, 200_000);
    record.failed(0, 'a:1', ABORTED, { code: '57P01', message: '' }, 200_001);
    record.acknowledged(0, server, ACK, 250_000, 250_000, 350_000);
    record.flush();
    expect(frames.map((frame) => frame.interval)).toEqual([0, 1]);
    expect(frames.map((frame) => frame.scripts[0]?.firstAckUs)).toEqual([0, 150_000]);
    expect(frames[0]?.errors).toMatchObject([{ count: 1, firstUs: 1, lastUs: 1 }]);
    expect(frames[0]?.servers).toMatchObject([{ acks: 1, firstAckUs: 0 }]);
    expect(frames[1]?.scripts[0]?.maxServiceUs).toBe(100_000);
  });

  it.each([200_000, 730_000])(
    'tells once that the warm-up is over, before it records what came at %i µs',
    (atUs) => {
      const told: [number, number][] = [];
      const { record, frames } = recorder({
        warmupUs: 200_000,
        onWarm: (nowUs) => told.push([nowUs, frames.length]),
      });
      const server = record.serverIndex('a:1', 'rw', true);
      record.acknowledged(0, server, ACK, 0, 0, 199_999);
      expect(told).toEqual([]);
      record.acknowledged(0, server, ACK, 100_000, 100_000, atUs);
      record.acknowledged(0, server, ACK, 100_000, 100_000, 900_000);
      record.flush();
      expect(told).toEqual([[atUs, 0]]);
      expect(frames.map((frame) => frame.scripts[0]?.outcomes[ACK])).toEqual([1, 1]);
    },
  );

  it('counts what was late, skipped and tried again, and the lag of the schedule', () => {
    const { record, frames } = recorder({ latencyLimitUs: 1000 });
    const server = record.serverIndex('a:1', 'rw', true);
    record.acknowledged(0, server, ACK, 0, 500, 1000);
    record.acknowledged(0, server, ACK, 0, 900, 1001);
    record.lagged(0, 500, 500);
    record.lagged(0, 900, 900);
    record.retried(0, 3);
    record.retried(0, 1);
    record.skipped(1, 1002);
    record.flush();
    expect(frames[0]?.scripts[0]).toMatchObject({ late: 1, retried: 2, retries: 4, maxLagUs: 900 });
    expect(frames[0]?.scripts[0]?.lag).toEqual(new Uint32Array([bucketOf(500), 1, bucketOf(900), 1]));
    expect(frames[0]?.scripts[1]?.outcomes[SKIPPED]).toBe(1);
    record.flush();
    expect(frames[1]?.scripts).toEqual([]);
  });

  it('adds up what each command took, and says nothing of servers for what was not sent', () => {
    const { record, frames } = recorder({ commands: [2, 0] });
    record.commanded(0, 1, 20, 1);
    record.commanded(0, 1, 30, 2);
    record.commandFailed(0, 0, 3);
    record.completed(1, 5, 5, 9);
    record.flush();
    expect(frames[0]?.scripts[0]?.commands).toEqual([0, 0, 1, 2, 50, 0]);
    expect(frames[0]?.scripts[1]).toMatchObject({ firstAckUs: -1, lastAckUs: -1, maxServiceUs: 4 });
    expect(frames[0]?.servers).toEqual([]);
  });
});
