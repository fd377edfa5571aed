import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type NullServer, startNullServer } from '../src/null-server/server.js';

/*
 * The null server in a process of its own, so that whoever measures takes no time of its event loop. It notes instants on
 * the clock that all processes of the machine share: process.hrtime, here as ms.
 */

/** What the server saw since it was started or told to forget. Instants are ms of {@link nowMs}, null before there was any. */
export interface Seen {
  /** When each connection of a client had asked which server it has, which is the last question before it is ready. */
  readonly loginsMs: readonly number[];
  /** Most connections at once that were taken and had not asked that yet. */
  readonly mostUnderWay: number;
  /** The first and the last time that a statement of select-only was parsed; with the simple protocol that is each one. */
  readonly firstLoadMs: number | null;
  readonly lastLoadMs: number | null;
}

type Request = 'forget' | 'cut' | 'come back' | 'tell';

interface Answer {
  readonly port: number;
  readonly seen: Seen;
}

/** On the clock that all processes of the machine share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(): Promise<ServerProcess> {
    const child = fork(fileURLToPath(import.meta.url), [SERVE]);
    const [{ port }] = (await once(child, 'message')) as [Answer];
    return new ServerProcess(child, port);
  }

  get uri(): string {
    return `postgresql://any@127.0.0.1:${this.port}/any?sslmode=disable`;
  }

  /** From now on only what comes counts. */
  async forget(): Promise<void> {
    await this.ask('forget');
  }

  seen(): Promise<Seen> {
    return this.ask('tell');
  }

  /** Ends all connections and takes none any more. */
  async cut(): Promise<void> {
    await this.ask('cut');
  }

  async comeBack(): Promise<void> {
    await this.ask('come back');
  }

  /** Resolves when the load has begun. */
  async loaded(): Promise<void> {
    while ((await this.seen()).firstLoadMs === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private async ask(request: Request): Promise<Seen> {
    const answer = once(this.child, 'message') as Promise<[Answer]>;
    this.child.send(request);
    return (await answer)[0].seen;
  }
}

// ---- in that process

const SERVE = 'serve';
const LOGIN = /^SELECT host\(inet_server_addr\(\)\)/;
const LOAD = /^SELECT abalance FROM pgbench_accounts/;

class Watched {
  private server: NullServer | undefined;
  private loginsMs: number[] = [];
  private mostUnderWay = 0;
  private firstLoadMs: number | null = null;
  private lastLoadMs: number | null = null;
  /** Connections that were taken before it was told to forget. */
  private before = 0;

  async serve(): Promise<void> {
    const server = await startNullServer({ onStatement: (statement) => this.saw(statement) });
    this.server = server;
    process.on('message', (request: Request) => {
      void this.answer(server, request);
    });
    process.once('disconnect', () => process.exit(0));
    this.tell(server);
  }

  private async answer(server: NullServer, request: Request): Promise<void> {
    switch (request) {
      case 'forget':
        this.forget(server);
        break;
      case 'cut':
        await server.cut();
        break;
      case 'come back':
        this.forget(server);
        await server.listen(server.port);
        break;
      case 'tell':
        break;
    }
    this.tell(server);
  }

  private forget(server: NullServer): void {
    this.loginsMs = [];
    this.mostUnderWay = 0;
    this.firstLoadMs = null;
    this.lastLoadMs = null;
    this.before = server.connections.ever;
  }

  private tell({ port }: NullServer): void {
    const { loginsMs, mostUnderWay, firstLoadMs, lastLoadMs } = this;
    process.send?.({ port, seen: { loginsMs, mostUnderWay, firstLoadMs, lastLoadMs } } satisfies Answer);
  }

  private saw(statement: string): void {
    if (LOGIN.test(statement)) {
      // Between two logins the number under way only rises.
      const taken = (this.server?.connections.ever ?? 0) - this.before;
      this.mostUnderWay = Math.max(this.mostUnderWay, taken - this.loginsMs.length);
      this.loginsMs.push(nowMs());
    } else if (LOAD.test(statement)) {
      this.lastLoadMs = nowMs();
      this.firstLoadMs ??= this.lastLoadMs;
    }
  }
}

if (process.argv[2] === SERVE && process.send !== undefined) {
  await new Watched().serve();
}
