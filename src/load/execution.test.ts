import { describe, expect, it } from 'vitest';
import { IDLE } from '../postgres/replies.js';
import type { Program, Statement, Step, Verb } from '../workload/program.js';
import { type ClientScript, commitsOf } from './client-scripts.js';
import { Execution } from './execution.js';

const PIPELINE: readonly Step[] = [
  { op: 'pipeline', action: 'start' },
  { op: 'sql', statement: 0 },
  { op: 'sql', statement: 1 },
  { op: 'pipeline', action: 'end' },
];
const FAILURE = { code: '22012', message: 'division by zero' };

describe('the commits of a reply that failed', () => {
  it('are in doubt where it is that of a pipeline', () => {
    const { told, fail } = executed(PIPELINE, [
      statement('COMMIT', 'commit'),
      statement('SELECT 1/0', 'read'),
    ]);
    fail();
    expect(told).toEqual(['doubt', 'failed 22012']);
  });

  it('are in doubt where a pipeline ended with ROLLBACK', () => {
    const { told, rollBack } = executed(PIPELINE, [
      statement('UPDATE x SET y = 1', 'write'),
      statement('ROLLBACK', 'rollback'),
    ]);
    rollBack();
    expect(told).toEqual(['doubt', 'failed rolled_back']);
  });

  it('are in doubt where one message held several statements', () => {
    const { told, fail } = executed(
      [{ op: 'sql', statement: 0 }],
      [statement('COMMIT; SELECT 1/0;', 'commit')],
    );
    fail();
    expect(told).toEqual(['doubt', 'failed 22012']);
  });

  it('have failed where there is one alone, behind a pipeline, too', () => {
    const steps: readonly Step[] = [...PIPELINE, { op: 'sql', statement: 2 }];
    const select = statement('SELECT 1', 'read');
    const { told, fail, succeed } = executed(steps, [select, select, statement('COMMIT;', 'commit')]);
    succeed();
    fail();
    expect(told).toEqual(['fail', 'failed 22012']);
  });

  it('have failed where there is one alone, behind a pipeline that failed, too', () => {
    const { told, fail, begin } = executed(PIPELINE, [
      statement('COMMIT', 'commit'),
      statement('SELECT 1', 'read'),
    ]);
    fail();
    begin([{ op: 'sql', statement: 0 }]);
    fail();
    expect(told).toEqual(['doubt', 'failed 22012', 'fail', 'failed 22012']);
  });
});

it('a pipeline that the script leaves open is not that of the next script', () => {
  const { told, succeed, begin } = executed(PIPELINE.slice(0, 2), [statement('SELECT 1', 'read')]);
  expect(told).toEqual(['failed script']);
  begin([{ op: 'sql', statement: 0 }]);
  expect(told).toEqual(['failed script']);
  succeed();
  expect(told).toEqual(['failed script', 'end']);
});

function statement(text: string, verb: Verb): Statement {
  return { text, pieces: [], parameters: [], verb };
}

/** An execution whose session sends nothing, and gets the replies that it is given. */
function executed(steps: readonly Step[], statements: readonly Statement[]) {
  const told: string[] = [];
  const tell = (what: string) => () => told.push(what);
  const replies = {
    status: IDLE,
    parsed: 0,
    error: undefined as typeof FAILURE | undefined,
    rolledBack: false,
  };
  const room = () => new Uint8Array(64);
  const nothing = () => undefined;
  const session = { replies, parsed: room(), room, send: () => true, sendRoom: nothing, close: nothing };
  const encoder = {
    keepsParsed: false,
    bound: () => 1,
    encode: (_: unknown, at: number) => at + 1,
    message: room,
  };
  const owner = { wakeUs: 0, transactionDeadlineUs: 1, onEnd: tell('end'), onLost: tell('lost') };
  const ledger = {
    doubt: tell('doubt'),
    fail: tell('fail'),
    abort: tell('abort'),
    committed: tell('committed'),
  };
  const execution = new Execution(
    { ...owner, onFailure: ({ code }) => told.push(`failed ${code}`) },
    { perCommand: false, statementUs: 1, lastNowUs: 0, nowUs: () => 0 } as never,
    { ledger } as never,
  );
  const commits = Uint8Array.from(statements, commitsOf);
  const begin = (steps: readonly Step[]) => {
    const program: Program = { slots: [], statements, steps, commands: [] };
    const script = {
      program,
      encoders: statements.map(() => encoder),
      firstStatement: 0,
      writes: true,
      commits,
    };
    execution.begin(script as unknown as ClientScript, 0, session as never);
  };
  begin(steps);
  return {
    told,
    begin,
    succeed: () => execution.replied(),
    fail: () => {
      replies.error = FAILURE;
      execution.replied();
    },
    rollBack: () => {
      replies.rolledBack = true;
      execution.replied();
    },
  };
}
