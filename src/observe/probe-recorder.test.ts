import { expect, it } from 'vitest';
import type { Frame } from '../load/frame.js';
import { ProbeRecorder } from './probe-recorder.js';

it('says when the connection of the first acknowledgement on a kept one was made', () => {
  const frames: Frame[] = [];
  const recorder = new ProbeRecorder('rw', 'service', 100_000, (frame) => frames.push(frame));
  const ack = { triedBeforeUs: -1, lsn: -1 };
  recorder.acknowledged({ ...ack, atUs: 10, keptSinceUs: -1 });
  recorder.acknowledged({ ...ack, atUs: 20, keptSinceUs: 3.4 });
  recorder.acknowledged({ ...ack, atUs: 30, keptSinceUs: 15 });
  recorder.acknowledged({ ...ack, atUs: 100_010, keptSinceUs: -1 });
  recorder.flush();
  expect(frames.flatMap(({ probes }) => probes)).toMatchObject([
    { keptAcks: 2, firstKeptAckUs: 20, keptSinceUs: 3 },
    { keptAcks: 0, firstKeptAckUs: -1, keptSinceUs: -1 },
  ]);
});
