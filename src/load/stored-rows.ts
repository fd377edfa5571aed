import type { RowSink } from '../postgres/replies.js';
import { isVariableName, ScriptFailure, type Step } from '../workload/program.js';
import type { Variables } from '../workload/variables.js';

const NOTHING = Buffer.alloc(0);

type StoreStep = Extract<Step, { op: 'store' }>;

/**
 * Takes the columns of a reply for \gset and \aset. Values are kept until the reply is complete: which result is the
 * last one, and whether it has one row, is not known before.
 */
export class StoredRows implements RowSink {
  private step: StoreStep | undefined;
  /** Slot of each column of the current result, -1 where nothing uses it. */
  private slots: number[] = [];
  /** Of the current result: the first column whose name cannot be a variable's. */
  private columnProblem: string | undefined;
  /** The same of what would be stored. */
  private badName: string | undefined;
  private hasColumns = false;
  /** Rows of the current result, and of the one that was completed last. */
  private rows = 0;
  private lastRows = 0;
  /** Body of the last row of the current result. */
  private lastRow = NOTHING;
  /** What \aset stores, result by result, and \gset of the last one: slot and bytes, null for NULL. */
  private values: { slot: number; bytes: Buffer | null }[] = [];

  begin(step: StoreStep): void {
    this.step = step;
    this.values = [];
    this.lastRows = 0;
    this.badName = undefined;
    this.startResult();
  }

  columns(buffer: Buffer, from: number, _to: number): void {
    const { prefix = '', slots } = this.step ?? {};
    this.hasColumns = true;
    this.columnProblem = undefined;
    this.slots = [];
    let at = from + 2;
    for (let left = buffer.readInt16BE(from); left > 0; left--) {
      const end = buffer.indexOf(0, at);
      const name = prefix + buffer.toString('utf8', at, end);
      if (!isVariableName(name)) {
        this.columnProblem ??= name;
      }
      this.slots.push(slots?.get(name) ?? -1);
      // Behind the name: OID of the table, number of the column, OID, size and modifier of the type, format.
      at = end + 1 + 18;
    }
  }

  row(buffer: Buffer, from: number, to: number): void {
    this.rows++;
    // A buffer of its own: the values of an earlier result may still lie in the one before.
    this.lastRow = Buffer.from(buffer.subarray(from, to));
  }

  complete(): void {
    if (this.step?.rows === 'only-row') {
      this.values = [];
      this.badName = undefined;
    }
    if (this.hasColumns && this.rows > 0) {
      this.takeRow();
    }
    this.lastRows = this.rows;
    this.startResult();
  }

  /** Stores what came. @throws ScriptFailure when it is not what \gset wants, or a column's name cannot be a variable's */
  finish(variables: Variables): void {
    if (this.step?.rows === 'only-row' && this.lastRows !== 1) {
      throw new ScriptFailure(`\\gset expects one row, and the statement returned ${this.lastRows}.`);
    }
    if (this.badName !== undefined) {
      throw new ScriptFailure(`The column "${this.badName}" cannot be the name of a variable.`);
    }
    for (const { slot, bytes } of this.values) {
      variables.setBytes(slot, bytes ?? NOTHING, 0, bytes?.length ?? 0);
    }
  }

  private startResult(): void {
    this.hasColumns = false;
    this.rows = 0;
  }

  private takeRow(): void {
    const { lastRow: row } = this;
    this.badName ??= this.columnProblem;
    let at = 2;
    for (const slot of this.slots) {
      const length = row.readInt32BE(at);
      at += 4;
      if (slot >= 0) {
        this.values.push({ slot, bytes: length < 0 ? null : row.subarray(at, at + length) });
      }
      at += Math.max(0, length);
    }
  }
}
