/** Memory for one message after the other. */
export class MessageMemory {
  bytes: Buffer = NO_BYTES;
  /** The first bytes by their number: a new Buffer object for each message would be garbage. */
  private views: Buffer[] = [];

  /** @returns whether the memory is new, so that nothing of the last message is in it */
  reserve(length: number): boolean {
    if (length <= this.bytes.length) {
      return false;
    }
    this.bytes = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(length)));
    this.views = [];
    return true;
  }

  first(length: number): Buffer {
    let view = this.views[length];
    if (view === undefined) {
      view = this.bytes.subarray(0, length);
      if (length < MOST_VIEWS) {
        this.views[length] = view;
      }
    }
    return view;
  }

  release(): void {
    this.bytes = NO_BYTES;
    this.views = [];
  }
}

const NO_BYTES = Buffer.alloc(0);

/** Longer messages are rare, and each length would keep its Buffer object for the life of the thread. */
const MOST_VIEWS = 2048;
