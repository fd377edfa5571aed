import type { Protocol } from '../plan/plan.js';
import { type Parameters, type StatementEncoder, statementEncoder } from '../postgres/messages.js';

/** Where the value of a statement goes, between pieces of its text. */
export const VALUE = 0;

/**
 * A statement that is asked again and again beside the load, with at most one value, a whole number. It is prepared where
 * the load's are, which halves what it costs the server, and else a simple query: a pooler may be in between.
 */
export class ProbeStatement {
  private readonly encoder: StatementEncoder;

  constructor(pieces: readonly (string | typeof VALUE)[], protocol: Protocol) {
    const text = pieces.map((piece) => (piece === VALUE ? '$1' : piece)).join('');
    const parameters = pieces.includes(VALUE) ? [VALUE] : [];
    this.encoder = statementEncoder(
      { text, pieces, parameters },
      0,
      protocol === 'prepared' ? 'prepared' : 'simple',
    );
  }

  /** @param parsed whether the server has parsed it on this connection */
  message(parsed: boolean, value = 0): Buffer {
    const digits = new Digits(String(value));
    const target = Buffer.allocUnsafe(this.encoder.bound(digits));
    return target.subarray(0, this.encoder.encode(target, 0, digits, !parsed, true));
  }
}

/** The one value of a statement. */
class Digits implements Parameters {
  constructor(private readonly text: string) {}

  textBound(): number {
    return this.text.length;
  }

  writeText(_slot: number, target: Buffer, offset: number): number {
    return offset + target.write(this.text, offset, 'latin1');
  }

  substitutionBound(): number {
    return this.textBound();
  }

  writeSubstitution(slot: number, target: Buffer, offset: number): number {
    return this.writeText(slot, target, offset);
  }
}
