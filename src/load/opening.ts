import { UserError } from '../errors.js';
import type { Failure } from '../postgres/failure.js';

/** Connections of a worker that are being made at once before the load: authentication costs the server some ms of CPU each. */
const OPENING_AT_ONCE = 16;

/** A client that connects before the load, and tells so to connected(). */
export interface Opener {
  readonly id: number;
  open(): void;
}

/** How the clients of one worker get their first connections, in their order and some at once. Serves one time. */
export class Opening {
  private begun = 0;
  private left: number;
  /** All are connected, or one of them could not. */
  private over = false;
  private resolve: () => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor(private readonly clients: readonly Opener[]) {
    this.left = clients.length;
  }

  /** Resolves when all are connected. @throws UserError when one of them cannot */
  run(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      for (let i = 0; i < OPENING_AT_ONCE; i++) {
        this.openNext();
      }
    });
  }

  /** A client has its connections, or one of them failed. */
  connected(client: Pick<Opener, 'id'>, failure: Failure | undefined): void {
    if (this.over) {
      return;
    }
    if (failure !== undefined) {
      this.over = true;
      this.reject(
        new UserError(`Client ${client.id} could not connect: ${failure.message} (${failure.code}).`),
      );
    } else if (--this.left === 0) {
      this.over = true;
      this.resolve();
    } else {
      this.openNext();
    }
  }

  private openNext(): void {
    if (this.begun < this.clients.length) {
      (this.clients[this.begun++] as Opener).open();
    }
  }
}
