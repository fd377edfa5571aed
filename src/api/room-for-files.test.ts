import { describe, expect, it } from 'vitest';
import { planOf } from '../analysis/sample.fixture.js';
import { expectRoomForFiles } from './room-for-files.js';

const BARE = { probes: false, observers: false, workers: 2, clients: 1000 };

function refusal(part: Parameters<typeof planOf>[0], limit: number | null): string | null {
  try {
    expectRoomForFiles(planOf(part), limit);
    return null;
  } catch (error) {
    return String(error);
  }
}

describe('the files that a run may have open', () => {
  it('are refused when they are too few, in a line with what raises them', () => {
    const said = refusal(BARE, 1024) ?? '';
    expect(said).toMatch(/^UserError: --clients: 1000 clients need \d+ open files .* may have 1024\. /);
    expect(said).toContain("'ulimit -n 4096'");
    expect(said).toContain('LimitNOFILE=');
    expect(said).not.toContain('\n');
    const needed = Number(/need (\d+)/.exec(said)?.[1]);
    expect(refusal(BARE, needed)).toBeNull();
    expect(refusal(BARE, needed - 1)).not.toBeNull();
  });

  it('name a number of clients that does fit', () => {
    const most = Number(/--clients (\d+) at most/.exec(refusal(BARE, 1024) ?? '')?.[1]);
    expect(refusal({ ...BARE, clients: most }, 1024)).toBeNull();
    expect(refusal({ ...BARE, clients: most + 1 }, 1024)).not.toBeNull();
    expect(refusal(BARE, 40)).not.toContain('at most');
  });

  it('hold every connection of a client, and those that look on', () => {
    const both = [
      { name: 'writes', weight: 1, route: 'rw', writes: true },
      { name: 'reads', weight: 1, route: 'ro', writes: false },
    ] as const;
    expect(refusal({ ...BARE, scripts: both }, 1100)).toBeNull();
    expect(refusal({ ...BARE, scripts: both, connections: 'per-script' }, 1100)).toContain('need 2');
    expect(refusal({ ...BARE, probes: true }, 1100)).not.toBeNull();
  });

  it('are not looked at where nobody knows them', () => {
    expect(refusal(BARE, null)).toBeNull();
    expect(refusal(BARE, Number.POSITIVE_INFINITY)).toBeNull();
  });
});
