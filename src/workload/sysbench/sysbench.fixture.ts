import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrivateServer } from '../../postgres/private-server.fixture.js';

/**
 * Runs real sysbench 1.0.20.
 * @param words workload, options and command
 * @returns what it printed; rejects when it failed
 */
export function sysbench(
  server: Pick<PrivateServer, 'host' | 'port' | 'user'>,
  words: readonly string[],
): Promise<string> {
  return run([
    '--db-driver=pgsql',
    `--pgsql-host=${server.host}`,
    `--pgsql-port=${server.port}`,
    `--pgsql-user=${server.user}`,
    '--pgsql-db=postgres',
    ...words,
  ]);
}

async function run(words: readonly string[]): Promise<string> {
  const child = spawn('sysbench', words);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  // It ends with 0 after some errors, too.
  if (code !== 0 || output.includes('FATAL')) {
    throw new Error(`sysbench ${words.join(' ')} ended with ${code}: ${output}`);
  }
  return output;
}

/** The options that make sysbench run so many events on one connection, and no time limit. */
export function events(count: number): readonly string[] {
  return [`--events=${count}`, '--time=0', '--threads=1'];
}

/** Numbers in [1, upper] as sysbench's default distribution draws them, by a script of one line. */
export async function drawnBySysbench(
  upper: number,
  count: number,
  words: readonly string[],
): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pgha-bench-sysbench-'));
  try {
    const script = join(folder, 'draw.lua');
    writeFileSync(script, `function event() print("drawn " .. sysbench.rand.default(1, ${upper})) end`);
    const output = await run([script, ...events(count), ...words, 'run']);
    return [...output.matchAll(/^drawn (\d+)$/gm)].map((match) => Number(match[1]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A statement as it was sent to be parsed. */
export interface Parsed {
  readonly text: string;
  readonly types: readonly number[];
}

/** What sysbench declares: the Parse messages of all that it sends to the server in one run, in order. */
export async function parsedBySysbench(
  server: PrivateServer,
  words: readonly string[],
): Promise<readonly Parsed[]> {
  const streams: Buffer[][] = [];
  const proxy = net.createServer((client) => {
    const upstream = net.connect(server.port, server.host);
    const sent: Buffer[] = [];
    streams.push(sent);
    client.on('data', (bytes) => sent.push(bytes));
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  proxy.listen(0, server.host);
  await once(proxy, 'listening');
  try {
    const address = proxy.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await sysbench({ host: server.host, port, user: server.user }, words);
  } finally {
    proxy.close();
  }
  return streams.flatMap((sent) => parseMessages(Buffer.concat(sent)));
}

const SSL_REQUEST = 80877103;

function parseMessages(sent: Buffer): readonly Parsed[] {
  const found: Parsed[] = [];
  // The first messages have no letter.
  let at = sent.readInt32BE(4) === SSL_REQUEST ? 8 : 0;
  at += sent.readInt32BE(at);
  while (at < sent.length) {
    const end = at + 1 + sent.readInt32BE(at + 1);
    if (sent.toString('latin1', at, at + 1) === 'P') {
      const text = sent.indexOf(0, at + 5) + 1;
      const types = sent.indexOf(0, text) + 1;
      found.push({
        text: sent.toString('utf8', text, types - 1),
        types: Array.from({ length: sent.readInt16BE(types) }, (_, i) => sent.readInt32BE(types + 2 + 4 * i)),
      });
    }
    at = end;
  }
  return found;
}
