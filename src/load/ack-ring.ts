import type { AckColumns } from './ledger-facts.js';

/** Some minutes of one worker's commits. */
const RING = 2 ** 18;
/** What is kept for good; 18 bytes each. */
const MOST_KEPT = 2 ** 22;

/**
 * The newest acknowledgements of one worker, and for good those that stood in the ring when a connection was lost: a
 * commit that was lost was acknowledged shortly before. Adding one writes four numbers.
 */
export class AckRing {
  /** All that were added. */
  private count = 0;
  private readonly client = new Uint32Array(RING);
  private readonly seq = new Uint32Array(RING);
  private readonly atUs = new Float64Array(RING);
  private readonly server = new Uint16Array(RING);
  private readonly kept: AckColumns[] = [];
  private keptLength = 0;
  /** Those before this one are kept, or were overwritten before they were of interest. */
  private keptUpTo = 0;
  private forgotSome = false;

  push(client: number, seq: number, atUs: number, server: number): void {
    const at = this.count++ & (RING - 1);
    this.client[at] = client;
    this.seq[at] = seq;
    this.atUs[at] = atUs;
    this.server[at] = server;
  }

  /** A connection was lost. */
  keep(): void {
    const oldest = this.count - RING;
    this.forgotSome ||= oldest > this.keptUpTo;
    const from = Math.max(this.keptUpTo, oldest);
    if (from === this.count) {
      return;
    }
    const columns = this.copy(from);
    this.kept.push(columns);
    this.keptLength += columns.seq.length;
    this.keptUpTo = this.count;
    while (this.keptLength > MOST_KEPT) {
      this.keptLength -= this.kept.shift()?.seq.length ?? 0;
      this.forgotSome = true;
    }
  }

  /** Everything that is known, in the order in which it came. @param zeroUs instant 0 of the result */
  columns(zeroUs: number): AckColumns {
    this.keep();
    const length = this.keptLength;
    const all: AckColumns = {
      client: new Uint32Array(length),
      seq: new Uint32Array(length),
      atUs: new Float64Array(length),
      server: new Uint16Array(length),
    };
    let at = 0;
    for (const part of this.kept) {
      all.client.set(part.client, at);
      all.seq.set(part.seq, at);
      all.atUs.set(part.atUs, at);
      all.server.set(part.server, at);
      at += part.seq.length;
    }
    for (let i = 0; i < length; i++) {
      all.atUs[i] = (all.atUs[i] as number) - zeroUs;
    }
    return all;
  }

  get forgot(): boolean {
    return this.forgotSome;
  }

  private copy(from: number): AckColumns {
    const length = this.count - from;
    const part = {
      client: new Uint32Array(length),
      seq: new Uint32Array(length),
      atUs: new Float64Array(length),
      server: new Uint16Array(length),
    };
    for (let i = 0; i < length; i++) {
      const at = (from + i) & (RING - 1);
      part.client[i] = this.client[at] as number;
      part.seq[i] = this.seq[at] as number;
      part.atUs[i] = this.atUs[at] as number;
      part.server[i] = this.server[at] as number;
    }
    return part;
  }
}
