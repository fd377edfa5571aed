import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConnectSlots } from './connect-slots.js';

class Wanting {
  wants = true;
  turns = 0;

  takeTurn(): boolean {
    this.turns += this.wants ? 1 : 0;
    return this.wants;
  }
}

it('lets so many begin, and the others in their order as these end', () => {
  const slots = new ConnectSlots(2);
  const clients = Array.from({ length: 4 }, () => new Wanting());
  expect(clients.map((client) => slots.take(client))).toEqual([true, true, false, false]);
  slots.release();
  expect(clients.map(({ turns }) => turns)).toEqual([0, 0, 1, 0]);
  slots.release();
  expect(clients.map(({ turns }) => turns)).toEqual([0, 0, 1, 1]);
});

it('passes over who does not want any more', () => {
  const slots = new ConnectSlots(1);
  const [first, gone, last] = [new Wanting(), new Wanting(), new Wanting()];
  for (const client of [first, gone, last]) {
    slots.take(client);
  }
  gone.wants = false;
  slots.release();
  expect([gone.turns, last.turns]).toEqual([0, 1]);
  slots.release();
  expect(slots.take(new Wanting())).toBe(true);
});

it('never has more under way than there are slots, and leaves nobody waiting while one is free', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 60 }),
      (count, begins) => {
        const slots = new ConnectSlots(count);
        let underWay = 0;
        let waiting = 0;
        const connector = {
          takeTurn: () => {
            underWay++;
            waiting--;
            return true;
          },
        };
        for (const begin of begins) {
          if (begin) {
            if (slots.take(connector)) {
              underWay++;
            } else {
              waiting++;
            }
          } else if (underWay > 0) {
            underWay--;
            slots.release();
          }
          expect(underWay).toBeLessThanOrEqual(count);
          expect(waiting === 0 || underWay === count).toBe(true);
        }
      },
    ),
  );
});
