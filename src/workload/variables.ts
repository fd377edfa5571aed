import { NULL, TEXT, UNSET, Value } from './value.js';

/** Names of variables and the slot of each; all programs of a run share one, so that a client has one set of variables. */
export class Slots {
  readonly names: string[] = [];
  private readonly byName = new Map<string, number>();

  /** Slot of the variable of this name, a new one if there was none. */
  of(name: string): number {
    const known = this.byName.get(name);
    if (known !== undefined) {
      return known;
    }
    this.byName.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** Complete when all programs are made. */
  get all(): ReadonlyMap<string, number> {
    return this.byName;
  }
}

/**
 * The variables of one client, by the slots of its program. Values keep the type that pgbench gives them; an int64
 * is exact over its whole range, and one within ± 2^53 costs no more than a number.
 */
export class Variables {
  private readonly cells: readonly Value[];
  /** `:name` of each slot: what simple mode leaves in the text for a variable that is unset. */
  private readonly references: readonly Buffer[];

  /** @param slots names of the variables, `Program.slots` */
  constructor(slots: readonly string[]) {
    this.cells = slots.map(() => new Value());
    this.references = slots.map((name) => Buffer.from(`:${name}`));
  }

  /** The cell itself, for compiled expressions: it lives as long as the client. */
  cell(slot: number): Value {
    const cell = this.cells[slot];
    if (cell === undefined) {
      throw new RangeError(`There is no variable in slot ${slot} of ${this.cells.length}.`);
    }
    return cell;
  }

  setNull(slot: number): void {
    this.cell(slot).setNull();
  }

  setBoolean(slot: number, value: boolean): void {
    this.cell(slot).setBoolean(value);
  }

  /** @param value a safe integer */
  setInteger(slot: number, value: number): void {
    this.cell(slot).setInteger(value);
  }

  /** @param value an int64; a value of uint64 counts as its two's complement */
  setBigInt(slot: number, value: bigint): void {
    this.cell(slot).setBigInt(BigInt.asIntN(64, value));
  }

  setDouble(slot: number, value: number): void {
    this.cell(slot).setDouble(value);
  }

  /** Text as of -D: an expression gives it a type when it first uses it, a statement gets it as it is. */
  setText(slot: number, value: string): void {
    this.cell(slot).setText(value);
  }

  /** Text as of \gset, straight from the reply; the bytes are copied, without an allocation once the slot had as many. */
  setBytes(slot: number, source: Uint8Array, start: number, end: number): void {
    this.cell(slot).setBytes(source, start, end);
  }

  isNull(slot: number): boolean {
    const { kind } = this.cell(slot);
    return kind === NULL || kind === UNSET;
  }

  isUnset(slot: number): boolean {
    return this.cell(slot).kind === UNSET;
  }

  /** The value as text, '' for NULL; for messages and tests. */
  text(slot: number): string {
    return this.cell(slot).toString();
  }

  /** At least as many bytes as {@link writeText} will write. */
  textBound(slot: number): number {
    return slot < 0 ? 0 : this.cell(slot).textBound();
  }

  /**
   * Writes the value as pgbench sends it: integers in decimal, doubles as %.15g, true or false, text as it is. But
   * NULL is sent as such, where pgbench sends the text NULL in all protocols but simple: a script does the same here
   * in each of them.
   *
   * @param slot a slot below 0 is that of a variable that nothing sets, which is NULL
   * @returns the offset behind it, or -1 for NULL, which writes nothing
   */
  writeText(slot: number, target: Uint8Array, offset: number): number {
    return slot < 0 ? -1 : this.cell(slot).writeText(target, offset);
  }

  /** At least as many bytes as {@link writeSubstitution} will write. */
  substitutionBound(slot: number): number {
    const cell = this.cell(slot);
    return cell.kind === TEXT ? cell.textLength : Math.max(24, this.reference(slot).length);
  }

  /**
   * Writes what stands for `:name` in the text of simple mode: as {@link writeText}, but `NULL` for NULL, and `:name`
   * itself for a variable that is unset.
   * @returns the offset behind it
   */
  writeSubstitution(slot: number, target: Uint8Array, offset: number): number {
    const cell = this.cell(slot);
    if (cell.kind !== UNSET && cell.kind !== NULL) {
      return cell.writeText(target, offset);
    }
    const literal = cell.kind === NULL ? NULL_LITERAL : this.reference(slot);
    target.set(literal, offset);
    return offset + literal.length;
  }

  private reference(slot: number): Buffer {
    return this.references[slot] ?? NULL_LITERAL;
  }
}

const NULL_LITERAL = Buffer.from('NULL');
