import { describe, expect, it } from 'vitest';
import { SYNC, statementEncoder } from '../postgres/messages.js';
import { IDLE } from '../postgres/replies.js';
import type { Program, Statement, Verb } from '../workload/program.js';
import { Variables } from '../workload/variables.js';
import type { ClientScript } from './client-scripts.js';
import { Pipeline } from './pipeline.js';

const IN_BLOCK = 'T'.charCodeAt(0);

describe('the replies of a pipeline', () => {
  it.each<[string, Verb[], boolean]>([
    ['a write that its Sync commits', ['read', 'write'], true],
    ['a COMMIT', ['begin', 'write', 'commit'], true],
    ['a COMMIT of what was written before it', ['commit'], true],
    ['a write behind a block', ['begin', 'rollback', 'write'], true],
    ['a write in a block that goes on', ['begin', 'write'], false],
    ['a block that is rolled back', ['begin', 'write', 'rollback'], false],
    ['nothing but reads', ['read', 'read'], false],
  ])('say of %s whether it was committed', (_, verbs, commits) => {
    expect(filled(verbs).pipeline.commits).toBe(commits);
  });

  it('decide over no commit where a block was open and stays so', () => {
    expect(filled(['write'], { status: IN_BLOCK }).pipeline.commits).toBe(false);
  });

  it('decide over no commit of a script that only reads', () => {
    expect(filled(['write', 'commit'], { writes: false }).pipeline.commits).toBe(false);
  });

  it('decide over what this one holds alone', () => {
    const { pipeline, session, script } = filled(['begin', 'write']);
    expect(pipeline.commits).toBe(false);
    pipeline.start(session, script);
    pipeline.append(1);
    expect(pipeline.commits).toBe(true);
    pipeline.start(session, script);
    pipeline.append(0);
    expect(pipeline.commits).toBe(false);
  });
});

describe('a statement that is kept', () => {
  it('is parsed once, and not where the server has it', () => {
    const first = filled(['read', 'read', 'read'], { statements: [0, 1, 0] });
    expect(first.parses()).toBe(2);
    const second = filled(['read', 'read'], { parsed: [FIRST] });
    expect(second.parses()).toBe(1);
  });

  it('is parsed each time by a protocol that keeps none', () => {
    expect(filled(['read', 'read'], { statements: [0, 0], protocol: 'extended' }).parses()).toBe(2);
  });

  it('is known to be parsed as far as the server came', () => {
    const { pipeline, session } = filled(['read', 'read', 'read']);
    session.replies.parsed = 2;
    pipeline.noteParsed();
    expect([...session.parsed.subarray(FIRST)]).toEqual([1, 1, 0]);
    // It was told of them; the next reply is one to something else.
    session.replies.parsed = 3;
    pipeline.noteParsed();
    expect([...session.parsed.subarray(FIRST)]).toEqual([1, 1, 0]);
  });

  it('is told apart from one that is not kept, which is parsed before it', () => {
    const { pipeline, session } = filled(['read', 'read'], { unkept: 0 });
    session.replies.parsed = 1;
    pipeline.noteParsed();
    expect([...session.parsed]).toEqual([0, 0, 0, 0]);
  });

  it('is not known to be parsed by a pipeline that was forgotten', () => {
    const { pipeline, session } = filled(['read']);
    pipeline.forget();
    session.replies.parsed = 1;
    pipeline.noteParsed();
    expect([...session.parsed]).toEqual([0, 0, 0]);
  });
});

describe('what is sent', () => {
  it('is what was appended with each Sync behind it, as many as are awaited', () => {
    const { pipeline, sent, script } = filled(['read', 'write']);
    pipeline.sync();
    pipeline.append(0);
    pipeline.sync();
    pipeline.send();
    const [first, second] = script.encoders.map((encoder) => {
      const bytes = Buffer.alloc(encoder.bound(NO_VARIABLES));
      return (parse: boolean) =>
        Buffer.from(bytes.subarray(0, encoder.encode(bytes, 0, NO_VARIABLES, parse, false)));
    });
    const expected = [first?.(true), second?.(true), SYNC, first?.(false), SYNC];
    expect(sent).toEqual([{ bytes: Buffer.concat(expected as Buffer[]), syncs: 2 }]);
    expect(pipeline.syncs).toBe(2);
  });

  it('is nothing of the pipeline before', () => {
    const { pipeline, session, script, sent } = filled(['read']);
    pipeline.sync();
    pipeline.send();
    pipeline.answered();
    expect(pipeline.syncs).toBe(0);
    pipeline.start(session, script);
    pipeline.sync();
    pipeline.send();
    expect(sent[1]).toEqual({ bytes: SYNC, syncs: 1 });
  });
});

const NO_VARIABLES = new Variables([]);
/** Number of the script's first statement among those of all. */
const FIRST = 2;

interface Given {
  readonly status?: number;
  readonly writes?: boolean;
  readonly protocol?: 'extended' | 'prepared';
  /** What is appended, by index; all of them, one after the other. */
  readonly statements?: readonly number[];
  /** Numbers of those that the server has parsed before. */
  readonly parsed?: readonly number[];
  /** One that is of another protocol. */
  readonly unkept?: number;
}

/** A pipeline with a statement of each verb in it, and the session that it would be sent on. */
function filled(verbs: readonly Verb[], given: Given = {}) {
  const statements = verbs.map(
    (verb, index): Statement => ({ text: `${verb} ${index}`, pieces: [], parameters: [], verb }),
  );
  const encoders = statements.map((statement, index) => {
    const protocol = index === given.unkept ? 'extended' : (given.protocol ?? 'prepared');
    return statementEncoder(statement, FIRST + index, protocol);
  });
  const sent: { bytes: Buffer; syncs: number }[] = [];
  let room = Buffer.alloc(0);
  const parsed = new Uint8Array(FIRST + verbs.length);
  for (const number of given.parsed ?? []) {
    parsed[number] = 1;
  }
  const session = {
    replies: { status: given.status ?? IDLE, parsed: 0 },
    parsed,
    // As long as it must be and no longer, with nothing in it but what is to stay.
    room: (length: number, used: number) => {
      const before = room;
      room = Buffer.alloc(length);
      room.set(before.subarray(0, used));
      return room;
    },
    sendRoom: (length: number, syncs: number) =>
      sent.push({ bytes: Buffer.from(room.subarray(0, length)), syncs }),
  };
  const program = { statements } as unknown as Program;
  const script = {
    program,
    encoders,
    firstStatement: FIRST,
    writes: given.writes ?? true,
  } as unknown as ClientScript;
  const pipeline = new Pipeline(NO_VARIABLES);
  pipeline.start(session as never, script);
  for (const index of given.statements ?? verbs.keys()) {
    pipeline.append(index);
  }
  return {
    pipeline,
    session: session as never as Parameters<Pipeline['start']>[0],
    script,
    sent,
    /** Messages of the type Parse in it. */
    parses: () => {
      pipeline.sync();
      pipeline.send();
      return typesOf(sent[0]?.bytes ?? Buffer.alloc(0)).filter((type) => type === 'P').length;
    },
  };
}

/** Types of the messages that follow each other. */
function typesOf(bytes: Buffer): string[] {
  const types: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    types.push(String.fromCharCode(bytes[at] as number));
  }
  return types;
}
