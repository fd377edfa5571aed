import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { Session } from '../postgres/session.js';
import type { ScriptFunction } from '../workload/program.js';
import { FunctionCall } from './function-call.js';

describe('a function', () => {
  it('is done when the connection is back', async () => {
    const { told, settle, giveBack } = calling();
    await settle();
    expect(told).toEqual(['lent', 'asked back']);
    giveBack();
    expect(told).toEqual(['lent', 'asked back', 'done']);
  });

  it('gets the connection and what it may know of its client', async () => {
    const { given } = calling();
    expect(given()).toEqual([
      CONNECTION,
      { clientId: 7, options: { rows: 3 }, drawn: [2, 5], aborted: false },
    ]);
  });

  it.each([
    ['by the word of the server', Object.assign(new Error('zero'), { code: '22012' }), '22012 zero'],
    ['by its own doing', new Error('own'), 'script own'],
  ])('fails %s, and the connection is back before that is told', async (_, error, failure) => {
    const { told, settle, giveBack } = calling();
    await settle(error);
    expect(told).toEqual(['lent', 'asked back']);
    giveBack();
    expect(told).toEqual(['lent', 'asked back', `failed ${failure}`]);
  });

  it('fails with what it throws before its first promise', async () => {
    const { told, giveBack } = calling(() => {
      throw new Error('at once');
    });
    await turn();
    giveBack();
    expect(told.at(-1)).toBe('failed script at once');
  });

  it.each(['FATAL', 'PANIC'])(
    'loses its connection with the last words of a server (%s)',
    async (severity) => {
      const { told, settle } = calling();
      await settle(Object.assign(new Error('bye'), { code: '57P01', severity }));
      expect(told).toEqual(['lent', 'abandoned', 'lost 57P01 bye']);
    },
  );

  it('is told when it is given up, and tells nothing any more', async () => {
    const { call, told, settle, signals } = calling();
    call.cancel();
    expect(signals[0]?.aborted).toBe(true);
    await settle(new Error('aborted'));
    expect(told).toEqual(['lent']);
  });

  it('tells nothing when it is given up before the connection is back', async () => {
    const { call, told, settle, giveBack } = calling();
    await settle();
    call.cancel();
    giveBack();
    expect(told).toEqual(['lent', 'asked back']);
  });

  it('is not told that it was given up when it had ended', async () => {
    const { call, settle, signals } = calling();
    await settle();
    call.cancel();
    expect(signals[0]?.aborted).toBe(false);
  });

  it('does not end with one that was given up before it', async () => {
    const { call, begin, told, settle, settleFirst } = calling();
    call.cancel();
    begin();
    await settleFirst();
    expect(told).toEqual(['lent', 'lent']);
    await settle();
    expect(told).toEqual(['lent', 'lent', 'asked back']);
  });
});

const CONNECTION = {} as pg.Client;

/** A call that has begun, of a function that ends as it is told to. */
function calling(throws?: ScriptFunction) {
  const told: string[] = [];
  const tell = (what: string) => told.push(what);
  const settlers: ((error?: Error) => void)[] = [];
  const signals: AbortSignal[] = [];
  const calls: Parameters<ScriptFunction>[] = [];
  let giveBack = () => {};
  const session = {
    lend: () => {
      tell('lent');
      return CONNECTION;
    },
    takeBack: (then: () => void) => {
      tell('asked back');
      giveBack = then;
    },
    abandon: () => tell('abandoned'),
  };
  const owner = {
    functionDone: () => tell('done'),
    functionFailed: ({ code, message }: { code: string; message: string }) =>
      tell(`failed ${code} ${message}`),
    functionLost: ({ code, message }: { code: string; message: string }) => tell(`lost ${code} ${message}`),
  };
  const random = { range: (from: number, to: number) => [from, to] };
  const group = { nowUs: () => 0, options: { rows: 3 } };
  const call = new FunctionCall(owner, group, { clientId: 7, random } as never);
  const run: ScriptFunction = (...args) => {
    calls.push(args);
    signals.push(args[1].signal);
    return new Promise((resolve, reject) => {
      settlers.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  };
  const begin = () => call.begin(throws ?? run, session as unknown as Session);
  const settled = (which: number) => async (error?: Error) => {
    settlers.at(which)?.(error);
    await turn();
  };
  begin();
  return {
    call,
    begin,
    told,
    signals,
    settle: settled(-1),
    settleFirst: settled(0),
    giveBack: () => giveBack(),
    /** What the function was called with. */
    given: () => {
      const [sql, { clientId, options, random: draw, signal }] = calls[0] as Parameters<ScriptFunction>;
      return [sql, { clientId, options, drawn: draw(2, 5), aborted: signal.aborted }];
    },
  };
}

/** Behind it all promises that were settled have told so. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
