import type { RowSink } from '../postgres/replies.js';

/** Keeps the first field of the last row of a reply, as text: all that a probe wants to know. */
export class FirstField implements RowSink {
  /** Undefined when no row came, or the field was NULL. */
  text: string | undefined;

  clear(): void {
    this.text = undefined;
  }

  columns(): void {
    // Whoever asked knows what the field is.
  }

  /** DataRow: Int16 number of fields, then for each Int32 length (-1 for NULL) and the bytes. */
  row(buffer: Buffer, from: number, to: number): void {
    this.text = undefined;
    if (to - from < 6 || buffer.readInt16BE(from) < 1) {
      return;
    }
    const length = buffer.readInt32BE(from + 2);
    if (length >= 0 && from + 6 + length <= to) {
      this.text = buffer.toString('latin1', from + 6, from + 6 + length);
    }
  }

  complete(): void {
    // There is one statement in each request.
  }
}

/** `16/B374D848` as PostgreSQL writes a pg_lsn, in bytes; -1 for anything else. */
export function lsnOf(text: string | undefined): number {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text ?? '');
  const [, high, low] = match ?? [];
  return high === undefined || low === undefined
    ? -1
    : Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
}
