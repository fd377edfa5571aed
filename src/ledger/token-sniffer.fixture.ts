import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A count of acknowledged commits that owes nothing to the tool: a proxy on the way to PostgreSQL reads both directions
 * of each connection and notes the tokens whose commit was told to the client. It knows the protocol by itself.
 *
 * A token counts when the bytes of the acknowledgement were written to the client's socket. So a client that hangs up at
 * that very moment may not know of it: what it calls in doubt may be acknowledged here, never the other way round.
 */
export class TokenSniffer {
  /** Tokens whose commit was acknowledged. */
  readonly acknowledged = new Set<string>();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((client) => this.accept(client));

  constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
  ) {}

  /** @returns the port on 127.0.0.1 */
  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('The proxy has no port.');
    }
    return address.port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    if (this.server.listening) {
      this.server.close();
      await once(this.server, 'close');
    }
  }

  private accept(client: Socket): void {
    const target = connect(this.targetPort, this.targetHost);
    const conversation = new Conversation();
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      // An error is followed by close, which is all that matters.
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      conversation.fromClient(bytes);
      forward(client, target, bytes);
    });
    target.on('data', (bytes) => {
      const tokens = conversation.fromServer(bytes);
      forward(target, client, bytes, () => {
        for (const token of tokens) {
          this.acknowledged.add(token);
        }
      });
    });
    // Either side's end is the other one's, in the way it came.
    client.on('end', () => target.end());
    target.on('end', () => client.end());
    client.on('close', (hadError) => (hadError ? target.resetAndDestroy() : target.end()));
    target.on('close', (hadError) => (hadError ? client.resetAndDestroy() : client.end()));
  }
}

/** @param done once the system has taken the bytes; not when they can no longer be written */
function forward(from: Socket, to: Socket, bytes: Buffer, done: () => void = () => undefined): void {
  if (to.destroyed || to.writableEnded) {
    return;
  }
  const flowing = to.write(bytes, (error) => {
    if (error === undefined || error === null) {
      done();
    }
  });
  if (!flowing) {
    from.pause();
    to.once('drain', () => from.resume());
  }
}

/** Messages of one direction, cut out of whatever pieces they come in. */
class Messages {
  private rest: Buffer = Buffer.alloc(0);

  /** @param typed whether messages begin with a byte for their type; the client's first one does not */
  constructor(private typed: boolean) {}

  push(bytes: Buffer): { readonly type: string; readonly body: Buffer }[] {
    const messages: { type: string; body: Buffer }[] = [];
    this.rest = Buffer.concat([this.rest, bytes]);
    for (;;) {
      const head = this.typed ? 1 : 0;
      if (this.rest.length < head + 4) {
        return messages;
      }
      const end = head + this.rest.readInt32BE(head);
      if (this.rest.length < end) {
        return messages;
      }
      const type = this.typed ? String.fromCharCode(this.rest[0] ?? 0) : '';
      messages.push({ type, body: this.rest.subarray(head + 4, end) });
      this.rest = this.rest.subarray(end);
      this.typed = true;
    }
  }
}

/** What a client asked for up to one Sync, or in one simple query. */
interface Request {
  readonly tokens: Set<string>;
}

const TOKEN = /[0-9a-f]{8}\.\d+\.\d+/g;

/** One connection. */
class Conversation {
  private readonly client = new Messages(false);
  private readonly server = new Messages(true);
  /** Being sent: what comes until the next Sync. */
  private sending: Request = { tokens: new Set() };
  /** Sent, and not yet answered with ReadyForQuery; the oldest first. */
  private readonly asked: Request[] = [];
  /** Tokens of the transaction block that is open. */
  private readonly open = new Set<string>();
  /** What the answer under way has said so far. */
  private completed = false;
  private failed = false;

  fromClient(bytes: Buffer): void {
    for (const { type, body } of this.client.push(bytes)) {
      for (const [token] of body.toString('latin1').matchAll(TOKEN)) {
        this.sending.tokens.add(token);
      }
      // Query, Sync, FunctionCall: each is answered with one ReadyForQuery.
      if (type === 'Q' || type === 'S' || type === 'F') {
        this.asked.push(this.sending);
        this.sending = { tokens: new Set() };
      }
    }
  }

  /** @returns tokens whose commit these bytes acknowledge */
  fromServer(bytes: Buffer): string[] {
    const committed: string[] = [];
    for (const { type, body } of this.server.push(bytes)) {
      if (type === 'C') {
        committed.push(...this.commandComplete(body.toString('latin1').replace(/\0.*/s, '')));
      } else if (type === 'E') {
        this.failed = true;
      } else if (type === 'Z') {
        committed.push(...this.readyForQuery(String.fromCharCode(body[0] ?? 0)));
      }
    }
    return committed;
  }

  private commandComplete(tag: string): string[] {
    this.completed = true;
    const request = this.asked[0];
    if (tag !== 'COMMIT' && tag !== 'ROLLBACK') {
      return [];
    }
    const ended = [...this.open, ...(request?.tokens ?? [])];
    this.open.clear();
    request?.tokens.clear();
    return tag === 'COMMIT' ? ended : [];
  }

  /** @param status I: no transaction; T: within a block; E: within one that has failed */
  private readyForQuery(status: string): string[] {
    const request = this.asked.shift();
    const tokens = [...(request?.tokens ?? [])];
    const autocommitted = status === 'I' && this.completed && !this.failed;
    this.completed = false;
    this.failed = false;
    if (status === 'I') {
      this.open.clear();
      return autocommitted ? tokens : [];
    }
    for (const token of tokens) {
      this.open.add(token);
    }
    return [];
  }
}
