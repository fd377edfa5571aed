import { type Answer, answerTo, PROCESS_ID } from './answers.js';
import {
  AUTHENTICATION_OK,
  BIND_COMPLETE,
  backendKeyData,
  CLOSE_COMPLETE,
  errorResponse,
  NO_DATA,
  NO_TLS,
  PARSE_COMPLETE,
  parameterStatus,
  readyForQuery,
} from './messages.js';
import type { Output } from './output.js';

/** Of the version that it claims to be. */
const VERSION = '15.0';

const GREETING = Buffer.concat([
  AUTHENTICATION_OK,
  ...Object.entries({
    server_version: VERSION,
    server_encoding: 'UTF8',
    client_encoding: 'UTF8',
    DateStyle: 'ISO, MDY',
    integer_datetimes: 'on',
    standard_conforming_strings: 'on',
    default_transaction_read_only: 'off',
    in_hot_standby: 'off',
  }).map(([name, value]) => parameterStatus(name, value)),
]);

const READY = { I: readyForQuery('I'), T: readyForQuery('T') };
const PROTOCOL_ERROR = errorResponse('FATAL', '08P01', 'The null server does not know this message.');

/** Requests that come instead of a start-up message. */
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

/** So many are kept: with values in its text each statement is another one. */
const MOST_KEPT = 1000;

/** Answers to statements, by their text: clients of one load send few different ones. */
export class Answers {
  private readonly byText = new Map<string, Answer>();
  private readonly byName = new Map<string, Prepared>();

  /** @param onStatement is told of each statement that is asked for an answer */
  constructor(
    private readonly port: number,
    private readonly onStatement: (statement: string) => void = () => undefined,
  ) {}

  to(statement: string): Answer {
    this.onStatement(statement);
    let answer = this.byText.get(statement);
    if (answer === undefined) {
      answer = answerTo(statement, this.port);
      if (this.byText.size < MOST_KEPT) {
        this.byText.set(statement, answer);
      }
    }
    return answer;
  }

  /**
   * One object for all connections that prepare the same under the same name: thousands of their own would not stay in the caches.
   * @param name with the zero behind it, a character for each byte
   */
  prepared(name: string, statement: string): Prepared {
    const answer = this.to(statement);
    const key = name + statement;
    const known = this.byName.get(key);
    if (known !== undefined) {
      return known;
    }
    const prepared = { name: Buffer.from(name, 'latin1'), answer };
    // One without a name is soon another one.
    if (name.length > 1 && this.byName.size < MOST_KEPT) {
      this.byName.set(key, prepared);
    }
    return prepared;
  }
}

/** What is to be done behind the answer. */
export type After = 'go on' | 'close';

export interface Prepared {
  /** With the zero behind it. */
  readonly name: Buffer;
  readonly answer: Answer;
}

/** The server's side of one connection, without the socket. */
export class Conversation {
  private rest: Buffer | null = null;
  private started = false;
  private status: 'I' | 'T' = 'I';
  /** A request of the extended protocol has failed: all is passed over until Sync. */
  private failed = false;
  private readonly statements: Prepared[] = [];
  /** Of the unnamed portal; named ones are not told apart. */
  private portal: Answer | null = null;

  constructor(
    private readonly answers: Answers,
    private readonly output: Output,
  ) {}

  /** Reads what came, `length` bytes from the begin of the chunk, and puts the answer behind what is in the output. */
  read(chunk: Buffer, length: number): After {
    let bytes = chunk;
    let end = length;
    if (this.rest !== null) {
      bytes = Buffer.concat([this.rest, chunk.subarray(0, length)]);
      end = bytes.length;
      this.rest = null;
    }
    let at = 0;
    while (end - at >= (this.started ? 5 : 4)) {
      const head = this.started ? 1 : 0;
      const size = bytes.readInt32BE(at + head);
      if (size < 4) {
        return 'close'; // It counts itself.
      }
      const next = at + head + size;
      if (next > end) {
        break;
      }
      const after = this.started ? this.message(bytes, at, next) : this.startUp(bytes, at, next);
      if (after === 'close') {
        return after;
      }
      at = next;
    }
    if (at < end) {
      this.rest = Buffer.from(bytes.subarray(at, end));
    }
    return 'go on';
  }

  private startUp(bytes: Buffer, at: number, next: number): After {
    const code = next - at >= 8 ? bytes.readInt32BE(at + 4) : 0;
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      this.output.put(NO_TLS);
      return 'go on';
    }
    if (code === CANCEL_REQUEST || code >> 16 !== 3) {
      return 'close';
    }
    this.started = true;
    this.output.put(GREETING);
    this.output.put(backendKeyData(PROCESS_ID, 0));
    this.output.put(READY.I);
    return 'go on';
  }

  private message(bytes: Buffer, at: number, next: number): After {
    const type = bytes[at] as number;
    if (type === 0x53) {
      this.failed = false;
      this.output.put(READY[this.status]);
      return 'go on';
    }
    if (type === 0x58) {
      return 'close';
    }
    if (this.failed) {
      return 'go on';
    }
    switch (type) {
      case 0x50: // Parse
        return this.parse(bytes, at + 5, next);
      case 0x42: // Bind
        return this.bind(bytes, at + 5, next);
      case 0x45: // Execute
        this.execute(this.portal, false);
        return 'go on';
      case 0x44: // Describe
        this.output.put(this.described(bytes, at + 5)?.description ?? NO_DATA);
        return 'go on';
      case 0x51: // Query
        this.query(bytes.toString('utf8', at + 5, next - 1));
        return 'go on';
      case 0x43: // Close
        this.output.put(CLOSE_COMPLETE);
        return 'go on';
      case 0x48: // Flush: everything is sent at once anyway
        return 'go on';
      default:
        return this.malformed();
    }
  }

  private malformed(): After {
    this.output.put(PROTOCOL_ERROR);
    return 'close';
  }

  private parse(bytes: Buffer, at: number, next: number): After {
    const nameEnd = bytes.indexOf(0, at);
    const textEnd = nameEnd < 0 ? -1 : bytes.indexOf(0, nameEnd + 1);
    if (textEnd < 0 || textEnd >= next) {
      return this.malformed();
    }
    const text = bytes.toString('utf8', nameEnd + 1, textEnd);
    const prepared = this.answers.prepared(bytes.toString('latin1', at, nameEnd + 1), text);
    const before = this.statements.findIndex(({ name }) => name.equals(prepared.name));
    this.statements.splice(before < 0 ? this.statements.length : before, 1, prepared);
    this.output.put(PARSE_COMPLETE);
    return 'go on';
  }

  private bind(bytes: Buffer, at: number, next: number): After {
    let nameAt = at;
    while (nameAt < next && bytes[nameAt] !== 0) {
      nameAt++;
    }
    if (nameAt >= next) {
      return this.malformed(); // What lies behind it is of a message before.
    }
    this.portal = this.prepared(bytes, nameAt + 1);
    if (this.portal === null) {
      this.fail('26000', 'There is no prepared statement of this name.');
    } else {
      this.output.put(BIND_COMPLETE);
    }
    return 'go on';
  }

  private described(bytes: Buffer, at: number): Answer | null {
    const isStatement = bytes[at] === 0x53;
    return isStatement ? this.prepared(bytes, at + 1) : this.portal;
  }

  /** By its name in the message; without a text of it, of which there would be one for each transaction. */
  private prepared(bytes: Buffer, at: number): Answer | null {
    for (let i = 0; i < this.statements.length; i++) {
      const { name, answer } = this.statements[i] as Prepared;
      let same = 0;
      while (same < name.length && name[same] === bytes[at + same]) {
        same++;
      }
      if (same === name.length) {
        return answer;
      }
    }
    return null;
  }

  private query(text: string): void {
    const statements = text.split(';').filter((each) => each.trim() !== '');
    for (const statement of statements.length === 0 ? [''] : statements) {
      this.execute(this.answers.to(statement.trimStart()), true);
    }
    this.failed = false;
    this.output.put(READY[this.status]);
  }

  private execute(answer: Answer | null, describe: boolean): void {
    if (answer === null) {
      this.fail('34000', 'There is no portal.');
      return;
    }
    if (describe && answer.description !== null) {
      this.output.put(answer.description);
    }
    this.output.put(answer.result);
    if (answer.block === 'opens') {
      this.status = 'T';
    } else if (answer.block === 'closes') {
      this.status = 'I';
    } else if (answer.block === 'fails') {
      this.failed = true;
    }
  }

  private fail(code: string, said: string): void {
    this.output.put(errorResponse('ERROR', code, said));
    this.failed = true;
  }
}
