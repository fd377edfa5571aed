import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from './main.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What one invocation says on stderr. */
async function saidBy(words: readonly string[]): Promise<string> {
  let said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  expect(await main(words)).toBe(2);
  return said;
}

const EVIL = 'a\u001b[2Jb\u0007c\u009b31md\u202ee';

describe('the message of an error', () => {
  it('has no power over the terminal, whoever it quotes', async () => {
    const said = await saidBy(['workloads', 'show', EVIL]);
    expect(said).toMatch(/^pgha-bench: There is no workload 'a.*d e'/);
    expect(said.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('has none either where its stack is shown', async () => {
    const said = await saidBy(['workloads', 'show', EVIL, '--debug']);
    expect(said).toMatch(/^pgha-bench: unexpected error\n.*\n {4}at /);
    expect(said.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('has none where PostgreSQL said it', async () => {
    const fields = Buffer.from(`SFATAL\0C28P01\0Mno ${EVIL}\0\0`);
    const head = Buffer.alloc(5, 'E');
    head.writeInt32BE(fields.length + 4, 1);
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end(Buffer.concat([head, fields])));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const uri = `postgresql://me:secret@127.0.0.1:${port}/db?sslmode=disable`;
      const said = await saidBy(['run', 'tpcb', '--rw', uri, '--fault', 'none']);
      expect(said).toContain('no a');
      expect(said.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    } finally {
      server.close();
    }
  });
});

describe('a command that has commands of its own', () => {
  it.each([
    [
      ['cluster', 'rendr', 'shop.yaml'],
      "Expected cluster render; found 'cluster rendr'. Did you mean 'render'?",
    ],
    [
      ['lab', 'upp'],
      "Expected lab up, lab down, lab status, lab env; found 'lab upp'. Did you mean 'up'? See pgha-bench lab --help.",
    ],
    [['lab', '--name', 'x', 'stop'], "found 'lab stop'. See"],
    [['lab', 'down', 'now'], "Found more behind 'lab down' than it takes: 'now'."],
    [['lab', 'down', '--nam', 'x'], 'lab has no option --nam.'],
  ])('%j is told what is wrong', async (words, message) => {
    expect(await saidBy(words)).toContain(message);
  });
});

describe('a gate that cannot be judged', () => {
  it.each([
    [['--gate', 'lost = 0'], "found '='. Did you mean '=='?\n  lost = 0\n       ^\n"],
    [['--gate', 'tps >= 95% of baseline'], 'Name its result with --baseline.'],
    [['--gate', 'tps > 0', '--baseline', '/nowhere/at/all'], 'found nothing at /nowhere/at/all.'],
    [['--baseline', '/nowhere'], '--baseline is what gates compare with, and there is none.'],
    [['--gate'], '--gate: expected a value behind it.'],
  ])('%j is refused before anything is connected to', async (words, message) => {
    const connected = vi.fn();
    const server = createServer(connected);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const uri = `postgresql://me@127.0.0.1:${port}/db`;
      expect(await saidBy(['run', 'tpcb', '--rw', uri, '--fault', 'none', ...words])).toContain(message);
      expect(connected).not.toHaveBeenCalled();
    } finally {
      server.close();
    }
  });
});
