import { describe, expect, it } from 'vitest';
import { filesNeeded, parseOpenFiles, roomyLimit } from './open-files.js';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             62987                62987                processes
Max open files            1024                 524288               files
Max locked memory         unlimited            unlimited            bytes
`;

describe('the limit of open files', () => {
  it('is the soft one', () => {
    expect(parseOpenFiles(LIMITS)).toBe(1024);
    expect(
      parseOpenFiles(LIMITS.replace(/1024 +524288 +/, 'unlimited            unlimited            ')),
    ).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not known of another text', () => {
    expect(parseOpenFiles('')).toBeNull();
    expect(parseOpenFiles('Max open files            many                 files\n')).toBeNull();
  });

  it('is asked for with room to spare', () => {
    expect(roomyLimit(100)).toBe(4096);
    expect(roomyLimit(10_600)).toBe(16_384);
    expect(roomyLimit(16_000)).toBe(32_768);
  });

  it('counts connections, lookers and threads', () => {
    const none = filesNeeded({ connections: 0, workers: 0, lookers: 0 });
    expect(filesNeeded({ connections: 100, workers: 0, lookers: 40 })).toBe(none + 140);
    expect(filesNeeded({ connections: 0, workers: 2, lookers: 0 })).toBeGreaterThan(none);
  });
});
