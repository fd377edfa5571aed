/** A set of the numbers 1 … size, one bit for each. */
export class SeqSet {
  private readonly bits: Uint8Array;
  private members = 0;

  constructor(readonly size: number) {
    this.bits = new Uint8Array(Math.ceil(size / 8));
  }

  get count(): number {
    return this.members;
  }

  has(seq: number): boolean {
    return ((this.bits[(seq - 1) >> 3] ?? 0) & (1 << ((seq - 1) & 7))) !== 0;
  }

  /** Whether it is new; outside 1 … size nothing can be added. */
  add(seq: number): boolean {
    const byte = (seq - 1) >> 3;
    const before = this.bits[byte] ?? 0xff;
    const after = before | (1 << ((seq - 1) & 7));
    if (after === before) {
      return false;
    }
    this.bits[byte] = after;
    this.members++;
    return true;
  }

  equals(other: SeqSet): boolean {
    return (
      this.size === other.size &&
      this.members === other.members &&
      Buffer.compare(Buffer.from(this.bits.buffer), Buffer.from(other.bits.buffer)) === 0
    );
  }

  /** The numbers that are not in it, ascending. */
  *missing(): Generator<number> {
    for (let byte = 0; byte < this.bits.length; byte++) {
      if (this.bits[byte] === 0xff) {
        continue;
      }
      const end = Math.min(byte * 8 + 8, this.size);
      for (let seq = byte * 8 + 1; seq <= end; seq++) {
        if (!this.has(seq)) {
          yield seq;
        }
      }
    }
  }
}
