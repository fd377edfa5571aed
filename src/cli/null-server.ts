import { type Arguments, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import type { Flags } from '../api/flags.js';
import { connectionsOfNullServer, startNullServer } from '../api/null-server.js';
import { formatCount, parseInteger } from '../units.js';

export const NULL_SERVER_FLAGS = {
  host: { group: 'Options:', describe: 'address to listen on [127.0.0.1]' },
  port: { alias: 'p', group: 'Options:', describe: 'and port [a free one]' },
} as const satisfies Flags;

/** `pgha-bench null-server`: serves until it is interrupted. @returns the exit code */
export async function nullServer(args: Arguments): Promise<number> {
  const host = once(args, 'host');
  const port = once(args, 'port');
  const server = await startNullServer({
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: parseInteger(port, '--port', { min: 1, max: 65_535 }) }),
  });
  const most = connectionsOfNullServer();
  const room = most === null ? '' : `room for ${formatCount(most)} connections, by 'ulimit -n'\n`;
  const uri = `postgresql://any@${server.host}:${server.port}/any?sslmode=disable`;
  process.stdout.write(
    `answering at ${server.host}:${server.port} until Ctrl-C; a load for it:\n` +
      `  pgha-bench run select-only --rw '${uri}' --ledger off --no-vacuum\n${room}`,
  );
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.close();
  return EXIT.ok;
}
