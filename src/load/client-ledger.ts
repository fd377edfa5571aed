import { tokenPrefix } from '../workload/ledger-token.js';
import type { CommitLedger } from '../workload/program.js';
import type { Value } from '../workload/value.js';
import type { AckRing } from './ack-ring.js';
import type { ClientLedgerFacts } from './ledger-facts.js';

/** RUN.CLIENT.SEQ has 22 characters at the most. */
const LONGEST_TOKEN = 22;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * What one client knows of its commits: it draws a token for each, and keeps only those that were not acknowledged.
 * Drawing and acknowledging allocate nothing; the digits of the token are counted up where they stand.
 */
export class ClientLedger implements CommitLedger {
  private drawn = 0;
  /** The first token whose fate is not known yet, 0 for none; all behind it are open, too. */
  private open = 0;
  /** Of the connection that is used now, among the recorder's. */
  private server = -1;
  private readonly aborted: number[] = [];
  private readonly inDoubt: number[] = [];
  private readonly unreplicated: number[] = [];
  private readonly text = Buffer.allocUnsafeSlow(LONGEST_TOKEN).fill(ZERO);
  private readonly digits: number;
  private end: number;

  /** @param cell the variable that statements take the token from */
  constructor(
    runId: string,
    private readonly client: number,
    private readonly cell: Value,
    private readonly acks: AckRing,
  ) {
    this.digits = this.text.write(`${tokenPrefix(runId)}${client}.`);
    this.end = this.digits + 1;
  }

  /** An attempt begins; what was open before did not get as far as its commit. */
  begin(server: number): void {
    this.abort();
    this.server = server;
  }

  draw(): void {
    this.drawn++;
    if (this.open === 0) {
      this.open = this.drawn;
    }
    this.countUp();
    this.cell.ownText(this.text, this.end);
  }

  /** The commit of what is open was acknowledged. */
  committed(atUs: number, unreplicated: boolean): void {
    if (this.open === 0) {
      return;
    }
    for (let seq = this.open; seq <= this.drawn; seq++) {
      this.acks.push(this.client, seq, atUs, this.server);
      if (unreplicated) {
        this.unreplicated.push(seq);
      }
    }
    this.open = 0;
  }

  /** Nobody knows whether what is open was committed. */
  doubt(): void {
    this.settle(this.inDoubt);
  }

  /** The server said, or the protocol says, that what is open was not committed. */
  abort(): void {
    this.settle(this.aborted);
  }

  /** Of several open commits an error tells only that one of them failed. */
  fail(): void {
    this.settle(this.open > 0 && this.open < this.drawn ? this.inDoubt : this.aborted);
  }

  facts(): ClientLedgerFacts {
    this.abort();
    return {
      client: this.client,
      drawn: this.drawn,
      aborted: Uint32Array.from(this.aborted),
      inDoubt: Uint32Array.from(this.inDoubt),
      unreplicated: Uint32Array.from(this.unreplicated),
    };
  }

  private settle(fate: number[]): void {
    if (this.open === 0) {
      return;
    }
    for (let seq = this.open; seq <= this.drawn; seq++) {
      fate.push(seq);
    }
    this.open = 0;
  }

  private countUp(): void {
    const { text } = this;
    let at = this.end - 1;
    while (at >= this.digits && text[at] === NINE) {
      text[at--] = ZERO;
    }
    if (at >= this.digits) {
      text[at] = (text[at] as number) + 1;
    } else if (this.end < LONGEST_TOKEN) {
      // 99 has become 00: one digit more.
      text[this.digits] = ZERO + 1;
      text[this.end++] = ZERO;
    } else {
      throw new RangeError(`Client ${this.client} has drawn more tokens than there are.`);
    }
  }
}
