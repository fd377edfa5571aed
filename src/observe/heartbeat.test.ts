import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RunClock } from '../clock.js';
import { Heartbeat } from './heartbeat.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the heartbeat', () => {
  it('leaves no timer behind that would keep the process alive, after connections that were given up', async () => {
    const sockets: Socket[] = [];
    // Takes connections, and never says anything.
    const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const endpoint = { host: '127.0.0.1', port, user: 'u', database: 'd', sslMode: 'disable' } as const;
    const session = { endpoint, password: undefined, applicationName: 'test', identify: false };
    let nowUs = 0;
    const clock = new RunClock(process.hrtime.bigint());
    vi.spyOn(clock, 'nowUs').mockImplementation(() => nowUs);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const heartbeat = new Heartbeat({
      runId: 'r',
      protocol: 'prepared',
      writer: session,
      reader: session,
      clock,
      intervalMs: 100,
      emit: () => undefined,
    });
    heartbeat.start();
    const usual = vi.getTimerCount();
    // Each connection is given up after 1 s, within a beat, which lets all others look closely.
    for (let ms = 0; ms < 10_000; ms += 50) {
      nowUs += 50_000;
      vi.advanceTimersByTime(50);
    }
    expect(vi.getTimerCount()).toBe(usual);
    heartbeat.stop();
    expect(vi.getTimerCount()).toBe(0);
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
});
