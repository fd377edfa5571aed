import type net from 'node:net';
import tls from 'node:tls';

/**
 * What Node's streams themselves call to send bytes. Node documents none of it, so all that is relied on is looked at
 * first, and what is not as expected means that the stream is used.
 */
interface StreamHandle {
  /** Tries to send at once, and leaves to libuv what the kernel does not take. @returns 0, or what went wrong, with nothing sent */
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  /** Bytes that libuv still holds. */
  readonly writeQueueSize: number;
}

/** Belongs to libuv while bytes are held, and keeps them alive; else it is as good as new. */
interface WriteRequest {
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

  /** @param bytes are kept unchanged until they are sent */
  write(bytes: Buffer): void {
    const { handle } = this;
    if (handle === undefined || request === undefined) {
      this.writeToStream(bytes);
    } else if (handle.writeBuffer(request, bytes) !== 0) {
      // It meets the same error, and tells those who listen.
      this.socket.write(bytes);
    } else if (handle.writeQueueSize > 0) {
      request.buffer = bytes;
      request = RequestClass && new RequestClass();
    }
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
    RequestClass = seen.constructor as WriteRequestClass;
    request = new RequestClass();
    return writeBuffer.call(handle, seen, bytes);
  };
}

/** Undefined where bytes go another way: under TLS they are encrypted first. */
function handleOf(socket: net.Socket): StreamHandle | undefined {
  const handle = (socket as unknown as { readonly _handle?: Partial<StreamHandle> | null })._handle;
  const usable =
    !(socket instanceof tls.TLSSocket) &&
    typeof handle?.writeBuffer === 'function' &&
    typeof handle.writeQueueSize === 'number';
  return usable ? (handle as StreamHandle) : undefined;
}
