import { expect, it } from 'vitest';
import type { ClientScript } from './client-scripts.js';
import { CommandTimes } from './command-times.js';

it('a command takes from the end of the one before to the step of another', () => {
  const { begin, times, at, told } = timed([0, 0, 1]);
  at(10);
  begin(3);
  at(12, () => times.stepped(0, 1));
  at(15, () => times.stepped(1, 2));
  at(19, () => times.stepped(2, 3));
  expect(told).toEqual(['script 3, command 0: 5 at 15', 'script 3, command 1: 4 at 19']);
});

it('a branch over a command does not count it', () => {
  const { begin, times, at, told } = timed([0, 1, 2]);
  at(0);
  begin(0);
  at(1, () => times.stepped(0, 2));
  at(3, () => times.stepped(2, 3));
  expect(told).toEqual(['script 0, command 0: 1 at 1', 'script 0, command 2: 2 at 3']);
});

it('a command that failed is counted as such, and none of its time goes to the next script', () => {
  const { begin, times, at, told } = timed([0, 1]);
  at(0);
  begin(0);
  at(5, () => times.stepped(0, 1));
  at(6, () => times.failed(1));
  at(100);
  begin(1);
  at(101, () => times.stepped(0, 1));
  expect(told).toEqual([
    'script 0, command 0: 5 at 5',
    'script 0, command 1 failed at 6',
    'script 1, command 0: 1 at 101',
  ]);
});

/** @param commandOf index of the command of each step */
function timed(commandOf: readonly number[]) {
  const told: string[] = [];
  const group = {
    lastNowUs: 0,
    nowUs: () => group.lastNowUs,
    recorder: {
      commanded: (script: number, command: number, us: number, nowUs: number) =>
        told.push(`script ${script}, command ${command}: ${us} at ${nowUs}`),
      commandFailed: (script: number, command: number, nowUs: number) =>
        told.push(`script ${script}, command ${command} failed at ${nowUs}`),
    },
  };
  const times = new CommandTimes(group as never);
  const script = { commandOf: Int32Array.from(commandOf) } as unknown as ClientScript;
  return {
    times,
    told,
    begin: (index: number) => times.begin(script, index),
    /** It is that late; then what happens. */
    at: (us: number, happens = () => {}) => {
      group.lastNowUs = us;
      happens();
    },
  };
}
