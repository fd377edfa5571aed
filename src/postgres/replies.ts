import type { Failure } from './failure.js';

/** Transaction status of ReadyForQuery: idle, in a block, in a failed block. */
export const IDLE = 0x49;
export const IN_BLOCK = 0x54;
export const FAILED_BLOCK = 0x45;

/** Backend message types that are looked at; all others are passed over by their length. */
const READY_FOR_QUERY = 0x5a;
const ERROR_RESPONSE = 0x45;
const NOTICE_RESPONSE = 0x4e;
const COMMAND_COMPLETE = 0x43;
const PARSE_COMPLETE = 0x31;
/** Looked at only where there is a {@link RowSink}. */
const ROW_DESCRIPTION = 0x54;
const DATA_ROW = 0x44;

/** No message is longer: a length above it means that the stream is not PostgreSQL's, or that we lost our place. */
const LONGEST_MESSAGE = 0x4000_0000;

/**
 * Who wants the rows of a reply. Each call gets the body of a message, buffer[from] … buffer[to - 1], which is good
 * only until it returns.
 */
export interface RowSink {
  columns(buffer: Buffer, from: number, to: number): void;
  row(buffer: Buffer, from: number, to: number): void;
  /** A statement of the message is complete. */
  complete(): void;
}

/**
 * Walks the messages of one connection in the buffer they were read into. A reply is complete at a well-formed
 * ReadyForQuery and nowhere else; a message may straddle any number of reads. Nothing is allocated for a reply
 * without an error or notice.
 */
export class ReplyReader {
  /** Of the last ReadyForQuery. */
  status = IDLE;
  /** The first ERROR since clear(); the connection lives on. */
  error: ServerError | undefined;
  /** The wait for the synchronous standby was cancelled, though the commit was acknowledged. */
  unreplicated = false;
  /** The last CommandComplete was ROLLBACK. */
  rolledBack = false;
  /** How many Parse were completed since clear(). */
  parsed = 0;
  /** Set while the rows of the reply are wanted. */
  sink: RowSink | undefined;
  /** Last words of a server that ends the connection: FATAL, PANIC, or, when it ends at once, a WARNING of class 57P. */
  farewell: ServerError | undefined;
  /** The bytes are not PostgreSQL's. */
  malformed = false;

  /** Start of a message whose end has not been read yet. */
  private rest: Buffer | undefined;
  /** Bytes still to come of a message that is passed over. */
  private skip = 0;

  /** Forgets the last reply; to be called before the next request. */
  clear(): void {
    this.error = undefined;
    this.unreplicated = false;
    this.rolledBack = false;
    this.parsed = 0;
  }

  /** Forgets the connection. */
  reset(): void {
    this.clear();
    this.status = IDLE;
    this.sink = undefined;
    this.farewell = undefined;
    this.malformed = false;
    this.rest = undefined;
    this.skip = 0;
  }

  /**
   * Reads `length` bytes from the start of `chunk`, which may be overwritten afterwards.
   * @returns how many ReadyForQuery were among them
   */
  read(chunk: Buffer, length: number): number {
    let buffer = chunk;
    let end = length;
    let at = 0;
    if (this.rest !== undefined) {
      buffer = Buffer.concat([this.rest, chunk.subarray(0, length)]);
      end = buffer.length;
      this.rest = undefined;
    } else if (this.skip > 0) {
      at = Math.min(this.skip, length);
      this.skip -= at;
    }
    let ready = 0;
    while (end - at >= 5) {
      const type = buffer[at] as number;
      const size = int32(buffer, at + 1);
      if (size < 4 || size > LONGEST_MESSAGE) {
        this.malformed = true;
        return ready;
      }
      const next = at + 1 + size;
      if (next > end) {
        if (this.isPassedOver(type)) {
          this.skip = next - end;
          return ready;
        }
        break;
      }
      if (type === READY_FOR_QUERY) {
        this.status = buffer[at + 5] as number;
        ready++;
      } else if (type === COMMAND_COMPLETE) {
        // ROLLBACK is the only tag that begins with these two letters: RELEASE, RESET, REVOKE, REINDEX … do not.
        this.rolledBack = buffer[at + 5] === 0x52 && buffer[at + 6] === 0x4f;
        this.sink?.complete();
      } else if (type === PARSE_COMPLETE) {
        this.parsed++;
      } else if (type === ERROR_RESPONSE) {
        this.failed(serverMessage(buffer, at + 5, next));
      } else if (type === NOTICE_RESPONSE) {
        this.notice(serverMessage(buffer, at + 5, next));
      } else if (this.sink !== undefined && type === DATA_ROW) {
        this.sink.row(buffer, at + 5, next);
      } else if (this.sink !== undefined && type === ROW_DESCRIPTION) {
        this.sink.columns(buffer, at + 5, next);
      }
      at = next;
    }
    if (at < end) {
      this.rest = Buffer.from(buffer.subarray(at, end));
    }
    return ready;
  }

  /** The same for a CommandComplete that somebody else has read. */
  noteTag(tag: string): void {
    this.rolledBack = tag.startsWith('RO');
  }

  /** And for a NoticeResponse. */
  noteNotice(message: string): void {
    this.unreplicated ||= isCancelledSyncWait(message);
  }

  private isPassedOver(type: number): boolean {
    switch (type) {
      case READY_FOR_QUERY:
      case ERROR_RESPONSE:
      case NOTICE_RESPONSE:
      case COMMAND_COMPLETE:
      case PARSE_COMPLETE:
        return false;
      case DATA_ROW:
      case ROW_DESCRIPTION:
        return this.sink === undefined;
      default:
        return true;
    }
  }

  private failed(error: ServerError): void {
    if (error.severity === 'ERROR') {
      this.error ??= error;
    } else {
      this.farewell = error;
    }
  }

  private notice(notice: ServerError): void {
    if (notice.code.startsWith('57P')) {
      this.farewell = notice;
    }
    this.noteNotice(notice.message);
  }
}

/** An ErrorResponse or NoticeResponse. */
export interface ServerError extends Failure {
  /** ERROR, FATAL, PANIC, WARNING, NOTICE … in English, whatever lc_messages is. */
  readonly severity: string;
}

/**
 * PostgreSQL acknowledges a commit though the wait for the standby was given up, and says so in a WARNING only:
 * 01000 with this text when the wait was cancelled, 57P01 when the backend was told to end (src/backend/replication/
 * syncrep.c). The text is translated by the server where lc_messages is; the detail's sense is not available otherwise.
 */
function isCancelledSyncWait(message: string): boolean {
  return message.includes('canceling') && message.includes('synchronous replication');
}

function serverMessage(buffer: Buffer, from: number, to: number): ServerError {
  let severity = '';
  let code = '';
  let message = '';
  let at = from;
  while (at < to && buffer[at] !== 0) {
    const field = buffer[at] as number;
    let end = buffer.indexOf(0, at + 1);
    if (end < 0 || end > to) {
      end = to;
    }
    if (field === 0x56 || (field === 0x53 && severity === '')) {
      severity = buffer.toString('utf8', at + 1, end); // V, or S where there is no V (before 9.6)
    } else if (field === 0x43) {
      code = buffer.toString('utf8', at + 1, end);
    } else if (field === 0x4d) {
      message = buffer.toString('utf8', at + 1, end);
    }
    at = end + 1;
  }
  return { severity, code, message };
}

function int32(buffer: Buffer, at: number): number {
  return (
    ((buffer[at] as number) << 24) |
    ((buffer[at + 1] as number) << 16) |
    ((buffer[at + 2] as number) << 8) |
    (buffer[at + 3] as number)
  );
}
