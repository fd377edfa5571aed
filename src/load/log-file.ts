import { closeSync, openSync, write, writeSync } from 'node:fs';
import { messageOf, UserError } from '../errors.js';

const BUFFER_BYTES = 256 * 1024;
/** No line is longer. */
const LINE_BYTES = 1024;

/**
 * A file that is written from a hot path. Lines are put into `buffer` from `used` on; a full buffer is written in the
 * background while the other one fills. Each chunk is written at its own place in the file, so that none can overtake
 * another. A disk that cannot keep up with two buffers holds the thread up: nothing is dropped and memory stays as it is.
 */
export class LogFile {
  buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  used = 0;

  private spare = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  private readonly fd: number;
  /** Where in the file `buffer` will begin. */
  private position = 0;
  /** `spare` is being written. */
  private writing = false;
  private onIdle: (() => void) | undefined;
  /** The first error. What comes behind it is not written any more. */
  private failure: unknown;

  /**
   * Opens the file at once, empty.
   * @throws UserError
   */
  constructor(readonly path: string) {
    try {
      this.fd = openSync(path, 'w');
    } catch (error) {
      throw new UserError(
        `The log ${path} cannot be written: ${messageOf(error)}.`,
        'Its folder must exist, and you must be allowed to write there.',
      );
    }
  }

  /** Makes room for one line; before each. */
  reserve(): void {
    if (this.used + LINE_BYTES > BUFFER_BYTES) {
      this.handOver();
    }
  }

  /** Writes what is left. @throws UserError when something of the file could not be written */
  async close(): Promise<void> {
    this.handOver();
    if (this.writing) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
    }
    try {
      closeSync(this.fd);
    } catch (error) {
      this.failure ??= error;
    }
    if (this.failure !== undefined) {
      throw new UserError(
        `The log ${this.path} is not complete: ${messageOf(this.failure)}.`,
        'The run itself was not affected.',
      );
    }
  }

  private handOver(): void {
    const { buffer, used, position } = this;
    this.used = 0;
    if (used === 0 || this.failure !== undefined) {
      return;
    }
    this.position += used;
    if (this.writing) {
      this.writeNow(buffer, used, position);
      return;
    }
    this.buffer = this.spare;
    this.spare = buffer;
    this.writing = true;
    this.writeBehind(buffer, 0, used, position);
  }

  /** Writes bytes `from` … `to` of the buffer; the system may take fewer at a time. */
  private writeBehind(buffer: Buffer, from: number, to: number, position: number): void {
    write(this.fd, buffer, from, to - from, position, (error, written) => {
      if (error === null && from + written < to) {
        this.writeBehind(buffer, from + written, to, position + written);
        return;
      }
      this.failure ??= error ?? undefined;
      this.writing = false;
      this.onIdle?.();
    });
  }

  private writeNow(buffer: Buffer, bytes: number, position: number): void {
    try {
      for (let done = 0; done < bytes; ) {
        done += writeSync(this.fd, buffer, done, bytes - done, position + done);
      }
    } catch (error) {
      this.failure ??= error;
    }
  }
}
