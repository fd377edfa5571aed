import type net from 'node:net';
import tls from 'node:tls';
import { getSystemErrorName } from 'node:util';

/**
 * What Node's streams themselves call to send bytes. Node documents none of it, so all that is relied on is looked at
 * first, and what is not as expected means that the stream is used.
 */
interface StreamHandle {
  /**
   * Tries to send at once, and leaves to libuv what the kernel does not take.
   * @returns 0, or with nothing sent a negative errno, or undefined on a handle that is closed
   */
  writeBuffer(request: WriteRequest, bytes: Buffer): number | undefined;
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
 * Sends bytes on one connection past Node's writable stream, which makes a request object and a callback in the next
 * tick for every write. The order with what is written to the stream is kept as long as the stream has sent all that it
 * was given.
 */
export class DirectWriter {
  private readonly handle: StreamHandle | undefined;

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
      return this.socket.writableLength === 0;
    }
    const errno = handle.writeBuffer(request, bytes);
    if (errno !== 0) {
      this.failed(errno, bytes);
      return false;
    }
    if (request.getAsyncId() >= 0) {
      request.buffer = bytes;
      request = RequestClass && new RequestClass();
      return false;
    }
    return true;
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
    this.socket.write(bytes);
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
