import type { Socket } from 'node:net';

/**
 * What the sessions of a thread send in one turn of the event loop, written at its end: first everything is read, then
 * everything is written. A write on loopback or to a waiting server wakes the server's process, which may take the
 * processor at once; so several clients are served by one turn instead of one by each. ARCHITECTURE.md has the figures.
 */
export class Outbox {
  private readonly sockets: (Socket | undefined)[] = [];
  private readonly messages: (Buffer | undefined)[] = [];
  private count = 0;

  /** @param message kept unchanged until the reply */
  post(socket: Socket, message: Buffer): void {
    this.sockets[this.count] = socket;
    this.messages[this.count] = message;
    if (this.count++ === 0) {
      setImmediate(this.flush);
    }
  }

  private readonly flush = (): void => {
    for (let i = 0; i < this.count; i++) {
      const socket = this.sockets[i] as Socket;
      // Given up since: nothing of the request may go out, and its buffer may be another one's by now.
      if (!socket.destroyed) {
        socket.write(this.messages[i] as Buffer);
      }
      this.sockets[i] = undefined;
    }
    this.count = 0;
  };
}
