import type pg from 'pg';

/**
 * Loads rows by COPY … FROM STDIN over a connected client of pg, which has no such thing itself.
 *
 * @param text the COPY statement
 * @param fill writes the next rows, in the format of the statement, to the beginning of the buffer and returns the
 *   number of bytes, 0 behind the last row. It is called again when the socket has taken what it gave before, so
 *   the buffer is one and the same, and a slow server holds the generator back.
 */
export function copyIn(sql: pg.ClientBase, text: string, fill: (target: Buffer) => number): Promise<void> {
  return new Promise((resolve, reject) => {
    sql.query(new CopyIn(text, fill, resolve, reject));
  });
}

/** Rows of one message. Larger ones were no faster in measurements, and smaller ones cost more system calls. */
const ROOM = 64 * 1024;
/** CopyData: a letter and the length with itself. */
const HEADER = 5;
const COPY_DATA = 'd'.charCodeAt(0);
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

/** One COPY on pg's connection: what pg's client calls, in the order of the protocol. */
class CopyIn {
  private readonly message = Buffer.allocUnsafeSlow(HEADER + ROOM);
  private readonly rows = this.message.subarray(HEADER);
  private failure: Error | undefined;

  constructor(
    private readonly text: string,
    private readonly fill: (target: Buffer) => number,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {}

  submit(connection: pg.Connection): void {
    connection.query(this.text);
  }

  handleCopyInResponse(connection: pg.Connection): void {
    this.send(connection);
  }

  /** Comes when the server has refused something, or the connection is gone; in both cases nothing more may be sent. */
  handleError(error: Error): void {
    this.failure ??= error;
    this.reject(this.failure);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.resolve();
  }

  private send(connection: pg.Connection): void {
    if (this.failure !== undefined) {
      return;
    }
    let length: number;
    try {
      length = this.fill(this.rows);
    } catch (error) {
      this.abandon(connection, error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (length === 0) {
      connection.stream.write(COPY_DONE);
      return;
    }
    this.message[0] = COPY_DATA;
    this.message.writeInt32BE(length + 4, 1);
    connection.stream.write(this.message.subarray(0, HEADER + length), (error) => {
      // With an error pg calls handleError by itself. A socket that takes all at once calls back before anything
      // can be read: an error of the server would never be seen, nor a signal, without the turn of the loop.
      if (!error) {
        setImmediate(() => this.send(connection));
      }
    });
  }

  /** The server answers CopyFail with an error, upon which handleError tells the one that came first. */
  private abandon(connection: pg.Connection, error: Error): void {
    this.failure = error;
    const reason = Buffer.from(`${error.message}\0`);
    const header = Buffer.from([0x66, 0, 0, 0, 0]);
    header.writeInt32BE(reason.length + 4, 1);
    connection.stream.write(Buffer.concat([header, reason]));
  }
}
