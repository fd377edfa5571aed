import { readSync } from 'node:fs';
import type net from 'node:net';
import { performance } from 'node:perf_hooks';
import tls from 'node:tls';
import { getSystemErrorName } from 'node:util';
import { codeOf } from '../errors.js';

/**
 * What Node's streams themselves call to send bytes, and the descriptor of their connection. Node documents none of it, so all that is relied on is looked at
 * first, and what is not as expected means that the stream is used.
 */
interface StreamHandle {
  /**
   * Tries to send at once, and leaves to libuv what the kernel does not take.
   * @returns 0, or with nothing sent a negative errno, or undefined on a handle that is closed
   */
  writeBuffer(request: WriteRequest, bytes: Buffer): number | undefined;
  /** Does not block; -1 once it is closed. */
  readonly fd?: number;
}

/** Belongs to libuv from a write that the kernel did not take at once until libuv is done with it; else it is as good as new. */
interface WriteRequest {
  /** -1 while it does not belong to libuv. */
  getAsyncId(): number;
  /** Kept alive by libuv as long as the request is. */
  buffer?: Buffer;
}

type WriteRequestClass = new () => WriteRequest;

/** Node's class of write requests; undefined before anybody has seen one. */
let RequestClass: WriteRequestClass | undefined;
/** For the next write of this thread. */
let request: WriteRequest | undefined;

/**
 * How long a write takes that only hands its bytes over, ms: the fifth of all writes that is fastest is below it. As number
 * in an array, since a variable of the module would be a new object at each change.
 */
const plainWriteMs = new Float64Array([0.005]);

/**
 * A write that takes so many times longer was interrupted: whom it has woken ran on this core meanwhile, and may have
 * answered. Measured: 5 – 8 µs for plain ones, 10 – 16 where another core had to be told, and from 18 µs on, with a server on
 * the same cores, the answer was there in 99 of 100 cases for select-only, in 80 to 95 for tpcb.
 */
const INTERRUPTED = 3;

/**
 * Where the answer is never there the 4 µs of a vain try are not to be paid each time: behind so many in a row, chances are
 * let go, twice as many each time. One count for all connections of the thread.
 */
const VAIN_IN_A_ROW = 8;
const MOST_LET_GO = 1024;
const counts = { vain: 0, toLetGo: 0 };

/**
 * One connection past Node's streams. The writable one makes a request object and a callback in the next tick for every
 * write. The order with what is written to the stream is kept as long as the stream has sent all that it was given.
 */
export class DirectSocket {
  private readonly handle: StreamHandle | undefined;
  private interrupted = false;

  constructor(private readonly socket: net.Socket) {
    this.handle = handleOf(socket);
  }

  /**
   * @param bytes are kept unchanged until they are sent
   * @returns whether all of them were sent
   */
  write(bytes: Buffer): boolean {
    const { handle } = this;
    if (handle === undefined || request === undefined) {
      this.writeToStream(bytes);
      return true;
    }
    const beganMs = performance.now();
    const errno = handle.writeBuffer(request, bytes);
    if (errno !== 0) {
      this.failed(errno, bytes);
      return false;
    }
    this.noteTime(performance.now() - beganMs);
    if (request.getAsyncId() >= 0) {
      request.buffer = bytes;
      request = RequestClass && new RequestClass();
      return false;
    }
    return true;
  }

  private noteTime(tookMs: number): void {
    const plainMs = plainWriteMs[0] as number;
    this.interrupted = tookMs > INTERRUPTED * plainMs;
    plainWriteMs[0] = plainMs * (tookMs < plainMs ? 0.98 : 1.005);
  }

  /** From here on only what is written behind this call lets {@link readAnswer} look for an answer. */
  awaitNothing(): void {
    this.interrupted = false;
  }

  /**
   * Reads what has come, if the last write was interrupted: the answer to it, most often. It is to be called in the same
   * turn of the event loop as that write, so that nobody can have closed the socket in between.
   * @returns how many bytes there are from the begin of `buffer` on, 0 when there is nothing yet
   */
  readAnswer(buffer: Buffer): number {
    if (!this.interrupted) {
      return 0;
    }
    this.interrupted = false;
    if (counts.toLetGo > 0) {
      counts.toLetGo--;
      return 0;
    }
    const fd = this.handle?.fd ?? -1;
    if (fd < 0) {
      return 0;
    }
    // Nobody reads where "try again" comes from, and finding it out is half of what such an error costs.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      // 0 is the end of the stream: libuv will see it, too, and tell the socket.
      const length = readSync(fd, buffer, 0, buffer.length, null);
      counts.vain = 0;
      return length;
    } catch (error) {
      this.notRead(error);
      return 0;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  private notRead(error: unknown): void {
    if (codeOf(error) === 'EAGAIN') {
      counts.vain++;
      const over = counts.vain - VAIN_IN_A_ROW;
      counts.toLetGo = over < 0 ? 0 : Math.min(MOST_LET_GO, 2 ** over);
    } else {
      // The kernel tells of a reset only once: the stream would take it for an ordinary end.
      this.socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Tells those who listen to the socket, as the stream would have done. */
  private failed(errno: number | undefined, bytes: Buffer): void {
    const { socket } = this;
    if (errno === undefined || !socket.writable) {
      socket.write(bytes); // It knows what to say of a socket that was ended or closed.
      return;
    }
    // A second try would meet another error: the kernel tells of a reset only once.
    const code = getSystemErrorName(errno);
    socket.destroy(Object.assign(new Error(`write ${code}`), { code, errno, syscall: 'write' }));
  }

  private writeToStream(bytes: Buffer): void {
    if (this.handle !== undefined) {
      seeRequest(this.handle);
    }
    // A stream keeps what it is given until it was sent, and tells of that later: a short copy is the cheaper answer.
    this.socket.write(Buffer.from(bytes));
  }
}

/** The class of write requests is nowhere to be had but from a write of Node's own. */
function seeRequest(handle: StreamHandle): void {
  const { writeBuffer } = handle;
  handle.writeBuffer = (seen, bytes) => {
    handle.writeBuffer = writeBuffer;
    if (typeof seen.getAsyncId === 'function') {
      RequestClass = seen.constructor as WriteRequestClass;
      request = new RequestClass();
    }
    return writeBuffer.call(handle, seen, bytes);
  };
}

/** Undefined where bytes go another way: under TLS they are encrypted first. */
function handleOf(socket: net.Socket): StreamHandle | undefined {
  const handle = (socket as unknown as { readonly _handle?: Partial<StreamHandle> | null })._handle;
  const usable = !(socket instanceof tls.TLSSocket) && typeof handle?.writeBuffer === 'function';
  return usable ? (handle as StreamHandle) : undefined;
}
