import net from 'node:net';
import tls from 'node:tls';
import type pg from 'pg';
import { codeOf, messageOf } from '../errors.js';
import { type Address, hostPort } from '../plan/target.js';
import { Dial, type DialOwner, isPooled, lastOf, type Refusals } from './dial.js';
import { DirectSocket } from './direct-socket.js';
import { CLOSED, CONNECT_CLOSED, type Failure, PROTOCOL } from './failure.js';
import { TERMINATE } from './messages.js';
import { connectionOf, type Login, socketOf } from './pg-client.js';
import { ReplyReader } from './replies.js';

/** Who is told what happens on a session. Each call is the last thing that the session does in its turn. */
export interface SessionOwner {
  /** The connection is ready for the first request. */
  onConnected(session: Session): void;
  /** The reply to the last request is complete: see {@link Session.replies}. */
  onReply(session: Session): void;
  /** The connection is gone, or was never made; the session is `closed` and may connect again. */
  onLost(failure: Failure, session: Session): void;
}

export interface SessionOptions extends Omit<Login, 'config'> {
  /** Whether to ask the server who it is; costs a round trip for each connection. */
  readonly identify: boolean;
}

/**
 * One virtual client's way to the server: one connection at a time, one request in flight, and a life that is longer
 * than that of its connections.
 *
 * pg connects, authenticates and asks who the server is, at one address after the other where there are several. Then
 * the session takes the socket over: requests are bytes written to it, replies are walked in the buffer they were read
 * into. There is no promise, no event and no result object for a request: each of them would cost more than all that is
 * done here.
 */
export class Session implements DialOwner {
  state: 'closed' | 'connecting' | 'idle' | 'busy' | 'lent' = 'closed';
  readonly replies = new ReplyReader();
  /**
   * `127.0.0.1:5432` as the server names itself, `` before it was asked; changes only when a connection is made. Behind a
   * pooler, where the next transaction may be another server's, it is the pooler's address.
   */
  server = '';
  /** Which statements the server has parsed for this connection, by index; sized by the owner. */
  readonly parsed: Uint8Array;

  /** Bytes came since the connection was lent. */
  heard = false;
  private heardSinceAsked = false;

  /** ReadyForQuery still to come until the reply is complete: one for each Sync. */
  private awaited = 0;
  /** Of a pipeline that is being filled; most clients never have one. */
  private pipeline: Buffer = NO_ROOM;
  private readonly login: Login;
  private dial: Dial | undefined;
  private pgClient: pg.Client | undefined;
  /** Both undefined while the connection is pg's. */
  private socket: net.Socket | undefined;
  private direct: DirectSocket | undefined;

  constructor(
    private readonly owner: SessionOwner,
    private readonly options: SessionOptions,
    /** Shared by all sessions of a thread: a read is walked before the next one begins. */
    private readonly readBuffer: Buffer,
    statementCount: number,
  ) {
    this.parsed = new Uint8Array(statementCount);
    const config = { keepAlive: true, keepAliveInitialDelayMillis: 1000, stream: () => this.openSocket() };
    this.login = { ...options, config };
  }

  /** Starts to connect; ends in onConnected or onLost. The deadline is the owner's: see {@link Session.abandon}. */
  connect(): void {
    this.state = 'connecting';
    this.replies.reset();
    this.parsed.fill(0);
    this.server = '';
    this.dial = new Dial(this.login, this);
  }

  dialled(client: pg.Client, address: Address): void {
    this.pgClient = client;
    if (this.options.identify) {
      this.identify(client, address);
    } else {
      this.connected(client);
    }
  }

  notDialled(refusals: Refusals): void {
    this.fail(this.lossOf(lastOf(refusals).error));
  }

  hungUp(_: pg.Client, error: unknown): void {
    this.fail(this.lossOf(error));
  }

  /** Room for a pipeline of `length` bytes; the first `used` bytes of what was written into it stay. */
  room(length: number, used: number): Buffer {
    if (length > this.pipeline.length) {
      const before = this.pipeline;
      this.pipeline = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(length, SMALLEST_ROOM))));
      this.pipeline.set(before.subarray(0, used));
    }
    return this.pipeline;
  }

  /** Sends the first `length` bytes of room(), which hold `syncs` Sync or simple queries; ends in onReply or onLost. */
  sendRoom(length: number, syncs: number): void {
    if (!this.send(this.pipeline.subarray(0, length), syncs)) {
      this.pipeline = NO_ROOM;
    }
  }

  /**
   * Sends whole messages that hold `syncs` Sync or simple queries; ends in onReply or onLost.
   * @returns whether all of it is with the kernel; else the bytes must be left as they are
   */
  send(message: Buffer, syncs = 1): boolean {
    this.state = 'busy';
    this.awaited = syncs;
    this.replies.clear();
    return this.direct?.write(message) ?? true;
  }

  /**
   * Lends the idle connection to somebody who speaks through pg, until takeBack(). It may be lost meanwhile, which ends
   * in onLost.
   */
  lend(): pg.Client {
    const client = this.pgClient;
    if (client === undefined || this.state !== 'idle') {
      throw new Error('Only a connection that is idle can be lent.');
    }
    this.state = 'lent';
    this.heard = false;
    this.heardSinceAsked = false;
    this.socket = undefined;
    this.direct = undefined;
    this.replies.clear();
    for (const [message, listener] of this.whileLent) {
      connectionOf(client).on(message, listener);
    }
    return client;
  }

  /** Whether the lent connection got bytes since the last call, or nothing is asked of it: then it may wait on. */
  takeSignOfLife(): boolean {
    const alive = this.heardSinceAsked || isReady(this.pgClient);
    this.heardSinceAsked = false;
    return alive;
  }

  /**
   * Takes a connection back that was lent, once pg has all answers: it tells of an error before the server is ready again.
   * @param then called then, with `replies.status` that of the transaction as it was left; not when the connection is lost
   */
  takeBack(then: () => void): void {
    const client = this.pgClient;
    if (client === undefined || this.state !== 'lent') {
      throw new Error('There is no connection to take back.');
    }
    const take = () => {
      if (this.pgClient === client && this.state === 'lent') {
        for (const [message, listener] of this.whileLent) {
          connectionOf(client).removeListener(message, listener);
        }
        this.takeSocket(socketOf(client));
        then();
      }
    };
    if (isReady(client)) {
      take();
    } else {
      client.once('drain', take);
    }
  }

  /** What of pg's messages says how a transaction ended, by their names in pg-protocol. */
  private readonly whileLent = [
    [
      'readyForQuery',
      ({ status }: { readonly status: string }) => {
        this.replies.status = status.charCodeAt(0);
      },
    ],
    ['commandComplete', ({ text }: { readonly text: string }) => this.replies.noteTag(text)],
    ['notice', ({ message }: { readonly message: string }) => this.replies.noteNotice(message)],
  ] as const;

  /** Gives the connection up without a word to the server; no call to the owner follows. */
  abandon(): void {
    this.dial?.abandon();
    this.forget();
  }

  /** Says goodbye and closes; no call to the owner follows. */
  close(): void {
    const socket = this.socket;
    if (socket === undefined || this.state !== 'idle') {
      this.abandon();
      return;
    }
    this.forget();
    socket.write(TERMINATE);
    socket.destroySoon();
  }

  /**
   * Node reads into our buffer only if it is told so when the socket is made. pg's parser waits for 'data', which
   * such a socket does not emit, so it is emitted from here until the session takes over.
   */
  private openSocket(): net.Socket {
    const options: net.SocketConstructorOpts & { readonly onread: net.OnReadOpts } = {
      onread: {
        buffer: this.readBuffer,
        callback: (length, buffer) => {
          if (this.socket === socket) {
            this.onRead(buffer as Buffer, length);
          } else {
            this.hear();
            socket.emit('data', Buffer.from(buffer.subarray(0, length)));
          }
          return true;
        },
      },
    };
    const socket = new net.Socket(options);
    return socket;
  }

  private identify(client: pg.Client, address: Address): void {
    client.query(IDENTITY, (error, result) => {
      if (this.pgClient !== client) {
        return;
      }
      if (error) {
        this.fail(this.lossOf(error));
        return;
      }
      this.server = serverName(client, address, result.rows[0]);
      this.connected(client);
    });
  }

  /** Takes the socket over. */
  private connected(client: pg.Client): void {
    const socket = socketOf(client);
    // Under TLS the bytes are decrypted by a socket that does not know onread.
    if (socket instanceof tls.TLSSocket) {
      this.takeOverTls(socket);
    }
    this.takeSocket(socket);
    this.owner.onConnected(this);
  }

  private takeSocket(socket: net.Socket): void {
    this.socket = socket;
    this.direct = new DirectSocket(socket);
    this.state = 'idle';
  }

  /** Its bytes are pg's as long as the connection is pg's. */
  private takeOverTls(socket: tls.TLSSocket): void {
    const pgListeners = socket.listeners('data');
    socket.removeAllListeners('data');
    socket.on('data', (chunk) => {
      if (this.socket === socket) {
        this.onBytes(chunk, chunk.length);
        return;
      }
      this.hear();
      for (const listener of pgListeners) {
        listener.call(socket, chunk);
      }
    });
  }

  private hear(): void {
    this.heard = true;
    this.heardSinceAsked = true;
  }

  /**
   * What the event loop has read. The reply may let the owner send again, and that may be answered already: then it is read
   * at once, as libpq's clients do, and not only when the event loop has been through all others.
   */
  private onRead(buffer: Buffer, length: number): void {
    this.direct?.awaitNothing();
    this.onBytes(buffer, length);
    for (let turn = 0; turn < ANSWERS_IN_A_ROW; turn++) {
      const more = this.direct?.readAnswer(buffer) ?? 0;
      if (more === 0) {
        return;
      }
      this.onBytes(buffer, more);
    }
  }

  private onBytes(bytes: Buffer, length: number): void {
    const ready = this.replies.read(bytes, length);
    if (this.replies.malformed || (ready > 0 && (this.state !== 'busy' || ready > this.awaited))) {
      this.fail({ code: PROTOCOL, message: 'The server sent what is no reply to the request.' });
    } else if (ready > 0) {
      this.awaited -= ready;
      if (this.awaited === 0) {
        this.state = 'idle';
        this.owner.onReply(this);
      }
    }
  }

  private fail(failure: Failure): void {
    this.abandon();
    this.owner.onLost(failure, this);
  }

  /** The server's own last words say more than the socket's. */
  private lossOf(error: unknown): Failure {
    const { farewell } = this.replies;
    if (farewell !== undefined) {
      return farewell;
    }
    const code = codeOf(error);
    if (code !== undefined) {
      return { code, message: messageOf(error) };
    }
    return this.state === 'connecting'
      ? { code: CONNECT_CLOSED, message: 'The connection was closed before it was ready.' }
      : { code: CLOSED, message: 'The connection was closed without an error message.' };
  }

  private forget(): void {
    this.state = 'closed';
    this.dial?.letGo();
    this.dial = undefined;
    this.pgClient = undefined;
    this.socket = undefined;
    this.direct = undefined;
  }
}

/** Others wait meanwhile. */
const ANSWERS_IN_A_ROW = 16;

const NO_ROOM = Buffer.alloc(0);
const SMALLEST_ROOM = 1024;

/** Whether pg has all answers; it says so in a field that its types leave out. */
function isReady(client: pg.Client | undefined): boolean {
  return (client as unknown as { readyForQuery: boolean } | undefined)?.readyForQuery === true;
}

/** One round trip: the address that the server sees itself at, which behind a proxy is not the one dialled. */
const IDENTITY =
  'SELECT host(inet_server_addr()) AS host, inet_server_port() AS port, pg_backend_pid() AS pid';

interface ServerIdentity {
  readonly host: string | null;
  readonly port: number | null;
  readonly pid: number;
}

function serverName(client: pg.Client, address: Address, row: ServerIdentity | undefined): string {
  if (row === undefined || row.host === null || row.port === null || isPooled(client, row.pid)) {
    return hostPort(address); // a unix-domain socket has no address
  }
  return hostPort({ host: row.host, port: row.port });
}
