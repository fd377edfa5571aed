import type { Protocol } from '../plan/plan.js';
import { MessageMemory } from './message-memory.js';

/**
 * Bytes of PostgreSQL's frontend protocol 3.0, encoded ahead as far as they are known, so that sending a statement
 * is to copy a few bytes and to write the digits of its parameters.
 * Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol", message formats.
 */

/** Where the values of a statement come from. Slots below 0 are NULL. */
export interface Parameters {
  /** An upper bound of the bytes that writeText writes. */
  textBound(slot: number): number;
  /** Writes the value's text form; returns the offset behind it, or -1 for NULL. */
  writeText(slot: number, target: Buffer, offset: number): number;
  /** The same for a value that stands in the text of a query: NULL is a word there. */
  substitutionBound(slot: number): number;
  writeSubstitution(slot: number, target: Buffer, offset: number): number;
}

/** A statement as the encoder needs it; see workload/program.ts. */
export interface StatementText {
  readonly text: string;
  readonly pieces: readonly (string | number)[];
  readonly parameters: readonly number[];
  readonly types?: readonly number[];
  readonly binary?: boolean;
  readonly simple?: boolean;
}

/** Writes everything that must be sent for one execution of a statement, with a Sync or, within a pipeline, without. */
export interface StatementEncoder {
  /** Whether the session keeps the parsed statement: then `parse` is only true at its first execution. */
  readonly keepsParsed: boolean;
  /** Upper bound of what encode writes. */
  bound(parameters: Parameters): number;
  /**
   * Writes from `offset` on; returns the offset behind it.
   * @param parse the server has not parsed it yet
   * @param sync whether a Sync ends it; a simple query is always complete in itself
   */
  encode(target: Buffer, offset: number, parameters: Parameters, parse: boolean, sync: boolean): number;
  /**
   * The same with a Sync, in memory that all clients of a thread share. What is the same as in the last message stays where it
   * is: of most messages only the digits are written.
   * @returns bytes that are good until the next call, or until release()
   */
  message(parameters: Parameters, parse: boolean): Buffer;
  /** Somebody still reads the last message: the next one gets memory of its own. */
  release(): void;
}

/** @param describe whether the names of the columns are asked for: a simple query has them anyway */
export function statementEncoder(
  statement: StatementText,
  index: number,
  protocol: Protocol,
  describe = false,
): StatementEncoder {
  if (protocol === 'simple' || statement.simple === true) {
    return new SimpleEncoder(statement);
  }
  return new ExtendedEncoder(statement, protocol === 'prepared' ? `P_${index}` : '', describe);
}

/** A simple Query of a text without parameters. */
export function queryMessage(text: string): Buffer {
  const message = lasting(6 + Buffer.byteLength(text));
  message[0] = 0x51; // Q
  message.writeInt32BE(message.length - 1, 1);
  message.write(text, 5);
  return message;
}

/** Ends a pipeline, or a part of it. */
export const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);

export const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

const NULL_LENGTH = -1;

/** Parse (when needed), Bind, Execute, Sync. There is no RowDescription unless it is asked for. */
class ExtendedEncoder implements StatementEncoder {
  readonly keepsParsed: boolean;
  private readonly parse: Buffer;
  /** Bind up to the count of parameters. */
  private readonly head: Buffer;
  /** End of Bind, Describe where it is wanted, Execute. */
  private readonly tail: Buffer;
  /** The same and Sync: one copy in the hot path. */
  private readonly tailAndSync: Buffer;
  /** Bytes of the tail that still belong to Bind. */
  private readonly bindEnd: number;
  private readonly slots: readonly number[];
  private readonly fixed: number;
  private readonly memory = new MessageMemory();
  /** Where the tail lies in the memory, behind a head; -1 where there is no such message. */
  private tailAt = -1;

  constructor(statement: StatementText, name: string, describe: boolean) {
    this.keepsParsed = name !== '';
    this.slots = statement.parameters;
    this.parse = parseMessage(name, statement.text, statement.types ?? []);
    this.head = bindHead(name, this.slots.length);
    const formats = statement.binary === true ? BINARY_RESULTS : TEXT_RESULTS;
    this.bindEnd = formats.length;
    this.tail = lastingCopy(formats, ...(describe ? [DESCRIBE_PORTAL] : []), EXECUTE);
    this.tailAndSync = lastingCopy(this.tail, SYNC);
    this.fixed = this.parse.length + this.head.length + this.tailAndSync.length + 4 * this.slots.length;
  }

  bound(parameters: Parameters): number {
    let bound = this.fixed;
    for (let i = 0; i < this.slots.length; i++) {
      bound += parameters.textBound(this.slots[i] as number);
    }
    return bound;
  }

  message(parameters: Parameters, parse: boolean): Buffer {
    const { memory, head, tailAndSync } = this;
    if (memory.reserve(this.bound(parameters))) {
      this.tailAt = -1;
    }
    const { bytes } = memory;
    if (parse) {
      this.tailAt = -1;
      return memory.first(this.encode(bytes, 0, parameters, true, true));
    }
    if (this.tailAt < 0) {
      bytes.set(head, 0);
    }
    const end = this.putParameters(bytes, head.length, parameters);
    if (end !== this.tailAt) {
      bytes.set(tailAndSync, end);
      // Bind ends behind its result formats, which the tail begins with.
      putInt32(bytes, 1, end + this.bindEnd - 1);
      this.tailAt = end;
    }
    return memory.first(end + tailAndSync.length);
  }

  release(): void {
    this.memory.release();
  }

  encode(target: Buffer, start: number, parameters: Parameters, parse: boolean, sync: boolean): number {
    let offset = start;
    if (parse) {
      target.set(this.parse, offset);
      offset += this.parse.length;
    }
    const bind = offset;
    target.set(this.head, offset);
    offset = this.putParameters(target, offset + this.head.length, parameters);
    putInt32(target, bind + 1, offset + this.bindEnd - bind - 1);
    const tail = sync ? this.tailAndSync : this.tail;
    target.set(tail, offset);
    return offset + tail.length;
  }

  private putParameters(target: Buffer, start: number, parameters: Parameters): number {
    let offset = start;
    for (let i = 0; i < this.slots.length; i++) {
      const slot = this.slots[i] as number;
      const end = slot < 0 ? -1 : parameters.writeText(slot, target, offset + 4);
      if (end < 0) {
        putInt32(target, offset, NULL_LENGTH);
        offset += 4;
      } else {
        putInt32(target, offset, end - offset - 4);
        offset = end;
      }
    }
    return offset;
  }
}

/** Query with the values written into the text. */
class SimpleEncoder implements StatementEncoder {
  readonly keepsParsed = false;
  private readonly pieces: readonly (Buffer | number)[];
  private readonly fixed: number;
  private readonly memory = new MessageMemory();
  /** Where each piece lies in the memory, -1 where it does not. */
  private readonly placed: Int32Array;

  constructor(statement: StatementText) {
    const pieces = statement.pieces.length > 0 ? statement.pieces : [statement.text];
    this.pieces = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
    this.placed = new Int32Array(pieces.length).fill(-1);
    let fixed = 6;
    for (const piece of this.pieces) {
      fixed += typeof piece === 'number' ? 0 : piece.length;
    }
    this.fixed = fixed;
  }

  bound(parameters: Parameters): number {
    let bound = this.fixed;
    for (let i = 0; i < this.pieces.length; i++) {
      const piece = this.pieces[i] as Buffer | number;
      if (typeof piece === 'number') {
        bound += parameters.substitutionBound(piece);
      }
    }
    return bound;
  }

  message(parameters: Parameters): Buffer {
    const { memory, pieces, placed } = this;
    if (memory.reserve(this.bound(parameters))) {
      placed.fill(-1);
    }
    const { bytes } = memory;
    let offset = 5;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Buffer | number;
      if (typeof piece === 'number') {
        offset = parameters.writeSubstitution(piece, bytes, offset);
      } else {
        if (placed[i] !== offset) {
          bytes.set(piece, offset);
          placed[i] = offset;
        }
        offset += piece.length;
      }
    }
    bytes[0] = 0x51; // Q
    bytes[offset++] = 0;
    putInt32(bytes, 1, offset - 1);
    return memory.first(offset);
  }

  release(): void {
    this.memory.release();
  }

  encode(target: Buffer, start: number, parameters: Parameters): number {
    target[start] = 0x51; // Q
    let offset = start + 5;
    for (let i = 0; i < this.pieces.length; i++) {
      const piece = this.pieces[i] as Buffer | number;
      if (typeof piece === 'number') {
        offset = parameters.writeSubstitution(piece, target, offset);
      } else {
        target.set(piece, offset);
        offset += piece.length;
      }
    }
    target[offset++] = 0;
    putInt32(target, start + 1, offset - start - 1);
    return offset;
  }
}

function parseMessage(name: string, text: string, types: readonly number[]): Buffer {
  const nameLength = Buffer.byteLength(name);
  const textLength = Buffer.byteLength(text);
  const message = lasting(1 + 4 + nameLength + 1 + textLength + 1 + 2 + 4 * types.length);
  message[0] = 0x50; // P
  message.writeInt32BE(message.length - 1, 1);
  message.write(name, 5);
  message.write(text, 5 + nameLength + 1);
  let offset = message.length - 4 * types.length;
  message.writeUInt16BE(types.length, offset - 2);
  for (const type of types) {
    offset = message.writeInt32BE(type, offset);
  }
  return message;
}

function bindHead(name: string, parameterCount: number): Buffer {
  const nameLength = Buffer.byteLength(name);
  const head = lasting(1 + 4 + 1 + nameLength + 1 + 2 + 2);
  head[0] = 0x42; // B
  head.write(name, 6);
  head.writeUInt16BE(parameterCount, head.length - 2);
  return head;
}

/** The last field of Bind: no format, which is text for all, or one for all. */
const TEXT_RESULTS = Buffer.from([0, 0]);
const BINARY_RESULTS = Buffer.from([0, 1, 0, 1]);
/** The unnamed portal; all of its rows. */
const DESCRIBE_PORTAL = Buffer.from([0x44, 0, 0, 0, 6, 0x50, 0]);
const EXECUTE = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]);

function lastingCopy(...parts: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(parts);
  const copy = lasting(whole.length);
  whole.copy(copy);
  return copy;
}

/** Zeroed memory outside Node's buffer pool: a slice of the pool would keep 8 KiB alive. */
function lasting(length: number): Buffer {
  return Buffer.allocUnsafeSlow(length).fill(0);
}

function putInt32(target: Buffer, offset: number, value: number): void {
  target[offset] = value >> 24;
  target[offset + 1] = value >> 16;
  target[offset + 2] = value >> 8;
  target[offset + 3] = value;
}
