import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shares } from './pool.js';

it('deals every client to one worker, evenly, and leaves no worker without one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 64 }), (clients, workers) => {
      const dealt = shares(clients, workers);
      let next = 0;
      for (const share of dealt) {
        expect(share.firstClient).toBe(next);
        next += share.clientCount;
      }
      expect(next).toBe(clients);
      const counts = dealt.map((share) => share.clientCount);
      expect(Math.min(...counts)).toBeGreaterThan(0);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});
