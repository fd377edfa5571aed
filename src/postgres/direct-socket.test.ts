import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DirectSocket } from './direct-socket.js';

interface Handled {
  readonly _handle: { readStop(): void; readonly writeQueueSize: number };
}

const open: (net.Socket | net.Server)[] = [];

afterEach(() => {
  for (const each of open.splice(0)) {
    if (each instanceof net.Server) {
      each.close();
    } else {
      each.destroy();
    }
  }
});

/** Both ends of a connection; what comes to the far end waits there until it is asked for. */
async function connection(): Promise<{ near: net.Socket; far: net.Socket }> {
  const server = net.createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [net.Socket],
    unknown,
  ];
  open.push(server, near, far);
  return { near, far };
}

async function received(far: net.Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let left = length;
  for await (const chunk of far.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    left -= chunk.length;
    if (left <= 0) {
      break;
    }
  }
  return Buffer.concat(chunks);
}

describe('DirectSocket', () => {
  test('sends past the stream from the second write on', async () => {
    const { near, far } = await connection();
    const socket = new DirectSocket(near);
    socket.write(Buffer.from('one'));
    const stream = vi.spyOn(near, 'write');
    socket.write(Buffer.from(' two'));
    socket.write(Buffer.from(' three'));
    expect(stream).not.toHaveBeenCalled();
    expect((await received(far, 13)).toString()).toBe('one two three');
  });

  test('leaves what the kernel does not take to libuv, and keeps the order', async () => {
    const { near, far } = await connection();
    const socket = new DirectSocket(near);
    const messages = [10, 30_000_000, 20, 10_000_000, 30].map((length) => randomBytes(length));
    for (const message of messages) {
      socket.write(message);
    }
    // Of the second one the kernel has taken a part only, for nobody reads yet.
    expect((near as unknown as Handled)._handle.writeQueueSize).toBeGreaterThan(20_000_000);
    const whole = Buffer.concat(messages);
    expect((await received(far, whole.length)).equals(whole)).toBe(true);
    // What was held by libuv is done with, and the way is free.
    socket.write(Buffer.from('after'));
    expect((await received(far, 5)).toString()).toBe('after');
  });

  test('tells who listens to the socket that nothing can be sent', async () => {
    const { near, far } = await connection();
    const socket = new DirectSocket(near);
    socket.write(Buffer.from('one'));
    await received(far, 3);
    near.end();
    await once(near, 'finish');
    const failed = once(near, 'error');
    socket.write(Buffer.from('two'));
    const [error] = await failed;
    expect(error).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' });
  });

  test('tells of a reset that nobody has seen yet', async () => {
    const { near, far } = await connection();
    const socket = new DirectSocket(near);
    socket.write(Buffer.from('one'));
    await received(far, 3);
    // So that the reset is met by the write, not by a read.
    (near as unknown as Handled)._handle.readStop();
    const failed = once(near, 'error');
    const closed = once(far, 'close');
    far.resetAndDestroy();
    await closed;
    socket.write(Buffer.from('two'));
    const [error] = await failed;
    expect(error).toMatchObject({ code: 'ECONNRESET', syscall: 'write' });
  });

  test('sends nothing, and harms nothing, once the socket is closed', async () => {
    const { near, far } = await connection();
    const socket = new DirectSocket(near);
    socket.write(Buffer.from('one'));
    await received(far, 3);
    const closed = once(near, 'close');
    near.destroy();
    socket.write(Buffer.from('two'));
    await closed;
    socket.write(Buffer.from('three'));
  });

  describe('readAnswer', () => {
    const buffer = Buffer.alloc(64);

    /** Both ends, and a socket whose last write was interrupted as long as the clock says so. */
    async function interrupted() {
      const ends = await connection();
      const socket = new DirectSocket(ends.near);
      socket.write(Buffer.from('one'));
      await received(ends.far, 3);
      // Nobody but readAnswer reads.
      (ends.near as unknown as Handled)._handle.readStop();
      const write = (tookMs: number, text: string) => {
        let nowMs = 0;
        const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
          nowMs += tookMs;
          return nowMs;
        });
        socket.write(Buffer.from(text));
        clock.mockRestore();
      };
      return { ...ends, socket, write };
    }

    /** On a busy machine what was sent on loopback may take a while: asks again, in the next turn, as long as nothing is there. */
    async function soonest(write: () => void, socket: DirectSocket): Promise<number> {
      for (let tries = 0; tries < 5000; tries++) {
        write();
        const length = socket.readAnswer(buffer);
        if (length > 0) {
          return length;
        }
        await turn();
      }
      return 0;
    }

    const turn = () => new Promise((resolve) => setImmediate(resolve));

    /** Until the kernel has it. */
    async function answer(far: net.Socket, text: string): Promise<void> {
      await new Promise((resolve) => far.write(text, resolve));
    }

    test('reads what has come behind a write that was interrupted, and nothing behind others', async () => {
      const { far, socket, write } = await interrupted();
      await answer(far, 'answer');
      write(0.001, 'two');
      expect(socket.readAnswer(buffer)).toBe(0);
      expect(await soonest(() => write(1000, '.'), socket)).toBe(6);
      expect(buffer.toString('utf8', 0, 6)).toBe('answer');
      // Once for each write.
      await answer(far, 'more');
      expect(socket.readAnswer(buffer)).toBe(0);
    });

    test('reads nothing for a write that lies before awaitNothing()', async () => {
      const { far, socket, write } = await interrupted();
      await answer(far, 'answer');
      write(1000, 'two');
      socket.awaitNothing();
      expect(socket.readAnswer(buffer)).toBe(0);
    });

    test('lets chances go where there is never an answer, and takes them again', async () => {
      const { far, socket, write } = await interrupted();
      const { stackTraceLimit } = Error;
      for (let tries = 0; tries < 20; tries++) {
        write(1000, '.');
        expect(socket.readAnswer(buffer)).toBe(0);
      }
      expect(Error.stackTraceLimit).toBe(stackTraceLimit);
      await answer(far, 'answer');
      const seen: number[] = [];
      for (let tries = 0; tries < 5000 && !seen.includes(6); tries++) {
        write(1000, '.');
        seen.push(socket.readAnswer(buffer));
        await turn();
      }
      expect(seen[0]).toBe(0);
      expect(seen.at(-1)).toBe(6);
    });

    test('tells who listens to the socket of a reset', async () => {
      // Again, where the reset was not there yet: a further write on the same connection would meet it in its stead.
      for (let tries = 0; tries < 50; tries++) {
        const { near, far, socket, write } = await interrupted();
        const failed = once(near, 'error');
        write(1000, 'two');
        const closed = once(far, 'close');
        far.resetAndDestroy();
        await closed;
        expect(socket.readAnswer(buffer)).toBe(0);
        if (near.destroyed) {
          const [error] = await failed;
          expect(error).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
          return;
        }
        failed.catch(() => undefined);
        near.destroy();
      }
      expect.unreachable('No reset was ever read.');
    });

    test('leaves the end of the stream to the stream', async () => {
      const { near, far, socket, write } = await interrupted();
      write(1000, 'two');
      const finished = once(far, 'finish');
      far.end();
      await finished;
      expect(socket.readAnswer(buffer)).toBe(0);
      expect(near.destroyed).toBe(false);
    });
  });
});
