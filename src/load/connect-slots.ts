/** Somebody who wants to connect. */
export interface Connector {
  /** Its turn has come. @returns false when it does not want to connect any more */
  takeTurn(): boolean;
}

/**
 * How many connections of one worker may be under way at once: thousands of clients that are cut together would come back
 * together, and a server that has to fork and authenticate them all at once serves none of them. Who comes later waits
 * for its turn, in the order in which they came.
 */
export class ConnectSlots {
  private readonly waiting: Connector[] = [];
  /** Of those that wait; behind it they wait no more. */
  private next = 0;

  constructor(private free: number) {}

  /** @returns whether it may begin now; else it is given its turn later */
  take(connector: Connector): boolean {
    if (this.free > 0) {
      this.free--;
      return true;
    }
    this.waiting.push(connector);
    return false;
  }

  /** Who waits is not called any more. */
  forget(): void {
    this.waiting.length = 0;
    this.next = 0;
  }

  /** A connection that was under way is made, or has failed. */
  release(): void {
    while (this.next < this.waiting.length) {
      const connector = this.waiting[this.next++] as Connector;
      if (this.next === this.waiting.length) {
        this.waiting.length = 0;
        this.next = 0;
      }
      if (connector.takeTurn()) {
        return;
      }
    }
    this.free++;
  }
}
