import { expect, it } from 'vitest';
import { Answers, Conversation } from './conversation.js';
import { Output } from './output.js';

const START_UP = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);

it.each([
  ['a Bind', 0x42],
  ['a Parse', 0x50],
])('looks at nothing behind %s without a body: what lies there was read before', (_, type) => {
  const conversation = new Conversation(new Answers(0), new Output());
  expect(conversation.read(START_UP, START_UP.length)).toBe('go on');
  const before = [0, 0, 0, 0];
  expect(conversation.read(Buffer.from([type, 0, 0, 0, 4, ...before]), 5)).toBe('close');
});
