import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { getJson, request } from './http.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) {
    close();
  }
});

describe('request', () => {
  it('reads a reply of HTTP/1.0 that ends with the connection', async () => {
    const { url } = await serve((socket) => socket.end('HTTP/1.0 503 Service Unavailable\r\n\r\nnot now'));
    expect(await request('GET', url, {})).toEqual({ status: 503, text: 'not now' });
  });

  it('reads a status line alone, as Patroni answers OPTIONS', async () => {
    const { url } = await serve((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n'));
    expect(await request('OPTIONS', url, {})).toEqual({ status: 200, text: '' });
  });

  it('sends a body with its length, and the password', async () => {
    const { url, received } = await serve((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nok'));
    await request('POST', url, { basicAuth: { user: 'me', password: 'secret' } }, { leader: 'n1' });
    const text = received().toLowerCase();
    expect(text).toContain('content-length: 15');
    expect(text).toContain(
      `authorization: basic ${Buffer.from('me:secret').toString('base64')}`.toLowerCase(),
    );
    expect(text).toContain('{"leader":"n1"}');
  });

  it('tells of a connection that is closed without a reply', async () => {
    const { url } = await serve((socket) => socket.end());
    await expect(request('GET', url, {})).rejects.toMatchObject({
      name: 'EndpointError',
      reason: 'transport',
      message: `${url}: the connection was closed without a reply`,
    });
  });

  it('tells of a reply that breaks off', async () => {
    const { url } = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
      socket.end();
    });
    await expect(request('GET', url, {})).rejects.toMatchObject({ reason: 'transport' });
  });

  it('tells of a port where nobody listens', async () => {
    await expect(request('GET', 'http://127.0.0.1:1/', {})).rejects.toMatchObject({ reason: 'transport' });
  });

  it.each([
    ['nothing at all', ''],
    ['a body that never ends', 'HTTP/1.0 200 OK\r\n\r\nhalf'],
  ])('gives up on %s', async (_, bytes) => {
    const { url } = await serve((socket) => socket.write(bytes));
    await expect(request('GET', url, { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('ends when it is told to', async () => {
    const { url } = await serve(() => undefined);
    const abort = new AbortController();
    const asking = request('GET', url, { signal: abort.signal });
    abort.abort();
    await expect(asking).rejects.toMatchObject({ reason: 'transport' });
  });

  it('keeps a password in the URL out of the message', async () => {
    const asking = request('GET', 'http://me:secret@127.0.0.1:1/', {});
    await expect(asking).rejects.toThrow(/^http:\/\/127.0.0.1:1\/: /);
  });
});

describe('getJson', () => {
  it('says what was answered instead of JSON', async () => {
    const { url } = await serve((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n<html>\n no </html>'));
    await expect(getJson(url, {})).rejects.toThrow(`${url}: answered no JSON: <html> no </html>`);
  });

  it('refuses another status than 200', async () => {
    const { url } = await serve((socket) => socket.end('HTTP/1.0 502 Bad Gateway\r\n\r\n{}'));
    await expect(getJson(url, {})).rejects.toMatchObject({ reason: 'status' });
  });
});

async function serve(answer: (socket: Socket) => void): Promise<{ url: string; received: () => string }> {
  let received = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let answered = false;
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const [head = '', body] = received.split('\r\n\r\n');
      const wanted = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (!answered && body !== undefined && body.length >= wanted) {
        answered = true;
        answer(socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/`, received: () => received };
}
