import { once } from 'node:events';
import { createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { messageOf, UserError } from '../errors.js';
import { DirectSocket } from '../postgres/direct-socket.js';
import { type After, Answers, Conversation } from './conversation.js';
import { Output } from './output.js';

export interface NullServerOptions {
  /** Loopback address to listen on; 127.0.0.1 when absent. */
  readonly host?: string;
  /** A free one when absent. */
  readonly port?: number;
  /** For who measures: is told of each statement when it is parsed, not each time that it is executed. */
  readonly onStatement?: (statement: string) => void;
}

/**
 * A server that speaks enough of PostgreSQL's protocol to answer every statement at once and does nothing: what is left
 * is the cost of the generator. It asks for no password and keeps nothing.
 * @throws UserError when the port cannot be had
 */
export async function startNullServer(options: NullServerOptions = {}): Promise<NullServer> {
  const server = new NullServer(options.host ?? '127.0.0.1', options.onStatement);
  await server.listen(options.port ?? 0);
  return server;
}

/** Connections that wait to be taken; a storm of reconnects would overrun the usual 511. */
const BACKLOG = 65_535;

/** While connections are coming, so many answers are given in a turn of the event loop; see {@link NullServer.accept}. */
const ANSWERS_IN_A_TURN = 16;

/** So many turns behind the last new connection no more are coming. */
const QUIET_TURNS = 64;

/** Reads of a login: an SSLRequest of those who send one, the start-up message, and the question which server it is. */
const LOGIN_READS = 3;

/** An answer that waits for its turn. */
type Held = () => void;

type Read = (bytes: Buffer, length: number) => void;

export class NullServer {
  private readonly sockets = new Set<Socket>();
  /** Of all connections: what was read is answered before the next read. */
  private readonly input = Buffer.allocUnsafeSlow(64 * 1024);
  private readonly output = new Output();
  private answers = new Answers(0);
  private server: Server | null = null;
  private accepted = 0;
  /** Turns of the event loop since a connection was taken; Infinity when that is long ago, and no answer waits. */
  private quietTurns = Infinity;
  private held: Held[] = [];
  /** 0 before it listens. */
  port = 0;

  constructor(
    readonly host: string,
    private readonly onStatement?: (statement: string) => void,
  ) {}

  /** How many clients are connected now, and how many there were in all. */
  get connections(): { readonly now: number; readonly ever: number } {
    return { now: this.sockets.size, ever: this.accepted };
  }

  /** @throws UserError when the port cannot be had */
  async listen(port: number): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.accept(socket));
    try {
      server.listen({ host: this.host, port, backlog: BACKLOG });
      await once(server, 'listening');
    } catch (error) {
      throw new UserError(
        `The null server cannot listen on ${this.host}:${port}: ${messageOf(error)}.`,
        'Choose another --port, or leave it out to have a free one.',
      );
    }
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : port;
    this.answers = new Answers(this.port, this.onStatement);
    this.server = server;
  }

  /** As a server that dies: takes no connection any more, and ends all that are there. listen(port) brings it back. */
  async cut(): Promise<void> {
    this.server?.close();
    this.server = null;
    const ended = [...this.sockets].map((socket) => once(socket, 'close'));
    for (const socket of this.sockets) {
      socket.destroy();
    }
    await Promise.all(ended);
  }

  async close(): Promise<void> {
    await this.cut();
  }

  /**
   * libuv takes one connection with each poll, and the poll tells of up to 1,024 sockets that are to be read: those who come
   * while thousands are served would wait for seconds. So, while they come, others get their answers a few in each turn.
   * A real server is not held up there either: it has a process of its own to take connections.
   */
  private accept(taken: Socket): void {
    this.accepted++;
    if (this.quietTurns === Infinity) {
      setImmediate(this.nextTurn);
    }
    this.quietTurns = 0;
    let reads = 0;
    const conversation = new Conversation(this.answers, this.output);
    const { output } = this;
    const read = (bytes: Buffer, length: number) => {
      output.clear();
      const after = conversation.read(bytes, length);
      if (this.quietTurns === Infinity || ++reads <= LOGIN_READS) {
        if (!give(output.bytes, after)) {
          output.release();
        }
      } else {
        const copy = Buffer.from(output.bytes);
        this.held.push(() => give(copy, after));
      }
    };
    /** @returns false when the kernel has no room for all of it now: the bytes are still to be sent */
    const give = (answer: Buffer, after: After): boolean => {
      const sent = answer.length === 0 || writer.write(answer);
      if (after === 'close') {
        socket.end();
      }
      return sent;
    };
    const socket = readInto(this.input, taken, read);
    const writer = new DirectSocket(socket);
    socket.setNoDelay(true);
    this.sockets.add(socket);
    // A client that is gone is no concern of a server's.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      taken.destroy();
    });
    socket.resume();
  }

  private readonly nextTurn = (): void => {
    const over = this.quietTurns++ >= QUIET_TURNS;
    const now = over ? this.held : this.held.slice(0, ANSWERS_IN_A_TURN);
    this.held = over ? [] : this.held.slice(ANSWERS_IN_A_TURN);
    if (over) {
      this.quietTurns = Infinity;
    } else {
      setImmediate(this.nextTurn);
    }
    for (const give of now) {
      give();
    }
  };
}

interface Handled {
  _handle: object | null;
}

/**
 * Node reads into a buffer of ours only if it is told so when the socket is made, which for one that a server took it has
 * no documented way to be told: so another socket is made of the same handle. Half the server's time goes into making
 * buffers else. Where there is no handle, the socket is used as it is.
 */
function readInto(buffer: Buffer, taken: Socket, read: Read): Socket {
  const handled = taken as unknown as Handled;
  const handle = handled._handle;
  if (handle === null || handle === undefined) {
    taken.on('data', (bytes) => read(bytes, bytes.length));
    return taken;
  }
  const callback = (length: number) => {
    read(buffer, length);
    return true;
  };
  const options = { handle, onread: { buffer, callback }, readable: true, writable: true };
  const socket = new Socket(options as SocketConstructorOpts);
  handled._handle = null;
  return socket;
}
