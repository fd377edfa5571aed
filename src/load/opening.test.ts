import { expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { Opening } from './opening.js';

const REFUSED = { code: 'ECONNREFUSED', message: 'connection refused' };

function openingOf(count: number) {
  const opened: number[] = [];
  const clients = Array.from({ length: count }, (_, id) => ({ id, open: () => opened.push(id) }));
  const opening = new Opening(clients);
  return { opening, opened, clients, done: opening.run() };
}

it('opens some clients at once, and each of the others when one is connected', async () => {
  const { opening, opened, clients, done } = openingOf(40);
  const atOnce = opened.length;
  expect(atOnce).toBeLessThan(40);
  for (const [index, client] of clients.entries()) {
    expect(opened.length).toBe(Math.min(40, atOnce + index));
    opening.connected(client, undefined);
  }
  await done;
  expect(opened).toEqual(clients.map(({ id }) => id));
});

it('is not done before the last one is connected', async () => {
  const { opening, clients, done } = openingOf(2);
  let isDone = false;
  const noted = done.then(() => {
    isDone = true;
  });
  opening.connected({ id: 0 }, undefined);
  await Promise.resolve();
  expect(isDone).toBe(false);
  opening.connected({ id: clients.length - 1 }, undefined);
  await noted;
});

it('names the client that could not connect, and opens no other one', async () => {
  const { opening, opened, done } = openingOf(40);
  const before = opened.length;
  opening.connected({ id: 3 }, REFUSED);
  opening.connected({ id: 1 }, undefined);
  await expect(done).rejects.toThrow(UserError);
  await expect(done).rejects.toThrow('Client 3 could not connect: connection refused (ECONNREFUSED).');
  expect(opened.length).toBe(before);
});
