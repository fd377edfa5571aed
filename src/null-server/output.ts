import { MessageMemory } from '../postgres/message-memory.js';

/** Large enough for most answers. */
const FIRST_BYTES = 64 * 1024;

/** What is to be sent to one connection; one for all connections of a server: it is written before the next bytes are read. */
export class Output {
  private readonly memory = new MessageMemory();
  private length = 0;

  /** What was put; good until the next clear(), or for longer behind a release(). */
  get bytes(): Buffer {
    return this.memory.first(this.length);
  }

  clear(): void {
    this.length = 0;
  }

  put(message: Buffer): void {
    const { memory } = this;
    const end = this.length + message.length;
    if (end > memory.bytes.length) {
      const before = memory.bytes;
      memory.reserve(Math.max(FIRST_BYTES, end));
      memory.bytes.set(before.subarray(0, this.length));
    }
    memory.bytes.set(message, this.length);
    this.length = end;
  }

  /** Somebody still reads what was put: what comes next is put elsewhere. */
  release(): void {
    this.memory.release();
    this.length = 0;
  }
}
