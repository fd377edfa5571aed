import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Lab, labDown, readLab } from '../lab/lab.js';
import { type PrivateServer, startPrivateServer } from '../postgres/private-server.fixture.js';
import { FORMATS } from '../report/formats.js';
import { CommandLine, type Ended } from './command.fixture.js';
import { main } from './main.js';

/** A lab that is used as a cluster of one's own, and a server that is none of its. */
let cli: CommandLine;
let lab: Lab;
let foreign: PrivateServer;

beforeAll(async () => {
  cli = new CommandLine();
  const [server] = await Promise.all([
    startPrivateServer(),
    cli.succeed(['lab', 'up', '--name', 'target', '--profile', 'fast']),
  ]);
  foreign = server;
  const up = await readLab('target', cli.stateDirectory);
  if (up === undefined) {
    throw new Error('the lab is not up');
  }
  lab = up;
  const { rw, ro, patroni, haproxy, etcd } = lab.target;
  const [, second] = lab.nodes;
  writeFileSync(
    join(cli.directory, 'pgha-bench.yaml'),
    `default: own
targets:
  own:
    rw: postgresql://${rw.user}@${rw.host}:${rw.port}/${rw.database}
    ro: postgresql://${rw.user}@${ro?.host}:${ro?.port}/${rw.database}
    password: \${SECRET_OF_ROLE}
    patroni: ${patroni[0]}
    patroni-user: someone
    patroni-password: ${PATRONI_SECRET}
    haproxy: ${haproxy?.kind === 'socket' ? haproxy.path : ''}
    etcd: [${etcd?.join(', ')}]
    direct: { n2: "${second?.address}:5432" }
    allow-fault: ${lab.scope}
  the-lab: { lab: target }
  lab-through-another: { lab: target, rw: "${foreign.uri}" }
  wrong-node: { rw: "postgresql://x@h/x", patroni: "${patroni[0]}", direct: { n9: "h:5432" } }
`,
  );
});

afterAll(async () => {
  await labDown('target', cli.stateDirectory);
  await foreign.stop();
  cli.remove();
});

const PATRONI_SECRET = 'patroni-secret-7c1';

const env = () => ({ SECRET_OF_ROLE: lab.secrets.rwPassword ?? '' });

/**
 * The same within this process, which spares the start of another one; what needs workers of its own cannot be had so.
 * One at a time: what a process says, its environment and its working directory are everybody's.
 */
async function say(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      said[stream] += String(chunk);
      return true;
    }),
  );
  const [usual, directory] = [process.env, process.cwd()];
  process.env = { ...usual, PGHA_BENCH_STATE: cli.stateDirectory, ...env };
  process.chdir(cli.directory);
  try {
    return { code: await main(words), ...said };
  } finally {
    process.chdir(directory);
    process.env = usual;
    for (const spy of spies) {
      spy.mockRestore();
    }
  }
}

describe('target', () => {
  it('shows what would be used, each value with what gave it, and secrets as set', async () => {
    const words = ['target', 'show', '--etcd', 'http://e:2379', '--format', 'json'];
    const { stdout, code } = await cli.run(words, env());
    expect(code).toBe(0);
    const shown = JSON.parse(stdout);
    expect(shown).toMatchObject({ kind: 'addresses', name: 'own', chosenBy: 'pgha-bench.yaml: default' });
    expect(shown.options).toContainEqual({
      option: 'password',
      value: 'set',
      from: 'pgha-bench.yaml: targets.own.password',
    });
    expect(shown.options).toContainEqual({ option: 'etcd', value: 'http://e:2379', from: '--etcd' });
    const terminal = await say(['target', 'show', 'own', '--etcd', 'http://e:2379'], env());
    expect(terminal.stdout).toContain('from --etcd');
    expect(Math.max(...terminal.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('tests every endpoint, and says in a line each what it found', async () => {
    const { stdout, stderr, code } = await say(['target', 'test', '--format', 'json'], env());
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const { answers, ok } = JSON.parse(stdout);
    expect(ok).toBe(true);
    const count = (part: string) => answers.filter((answer: { part: string }) => answer.part === part).length;
    expect(['rw', 'ro', 'patroni', 'haproxy', 'etcd', 'direct'].map(count)).toEqual([1, 1, 3, 3, 3, 3]);
    expect(answers[0].text).toMatch(/^PostgreSQL \d+\.\d+, primary, user pgha, no TLS, through a proxy at /);
    expect(answers[1].facts.role).toBe('standby');
  });

  it('ends with 2 when something does not answer, and tests the rest', async () => {
    const words = ['target', 'test', 'own', '--etcd', 'http://127.0.0.1:1', '--haproxy', '/nowhere'];
    const { stdout, code } = await cli.run(words, env());
    expect(code).toBe(2);
    expect(stdout).toMatch(/FAIL {2}haproxy {2}\/nowhere/);
    expect(stdout).toMatch(/FAIL {2}etcd {5}http:\/\/127.0.0.1:1/);
    expect(stdout).toMatch(/ok {4}patroni {2}n3/);
    expect(stdout).toContain('2 of 10 do not answer as they should.');
  });

  it('finds a direct address of a member that there is not, and an endpoint on a standby', async () => {
    const { ro } = lab.target;
    // As in a run, the password of the endpoint is that for the members, too.
    const file = join(cli.directory, 'passwords');
    writeFileSync(file, `${ro?.host}:${ro?.port}:*:*:${lab.secrets.rwPassword}\n`, { mode: 0o600 });
    const words = ['target', 'test', 'wrong-node', '--rw', `postgresql://pgha@${ro?.host}:${ro?.port}/pgha`];
    const { stdout, code } = await say(words, { PGPASSFILE: file });
    expect(code).toBe(2);
    expect(stdout).toContain('FAIL  rw');
    expect(stdout).toContain('a standby, which takes no writes');
    expect(stdout).toContain('n9: the cluster has no member of this name (n1, n2, n3)');
    expect(stdout.match(/ok {4}direct/g)).toHaveLength(3);
  });

  it('never calls a database the lab that is none of it', async () => {
    for (const words of [
      ['init', 'tpcb', '--target', 'lab-through-another'],
      ['run', '-b', 'select-only', '--target', 'lab-through-another'],
      ['cleanup', 'tpcb', '--lab', 'target', '--rw', foreign.uri],
    ]) {
      const { stderr, code } = await say(words);
      expect(code).toBe(2);
      expect(stderr).toContain("does not lead to lab 'target' but to another PostgreSQL");
    }
  });

  it('runs on no addresses that lead to different clusters, whatever gave them', async () => {
    const [patroni = ''] = lab.target.patroni;
    const { user, host, port, database } = lab.target.rw;
    const rw = `postgresql://${user}:${lab.secrets.rwPassword}@${host}:${port}/${database}`;
    const run = (...words: string[]) => ['run', '-b', 'select-only', '-t', '1', ...words];
    for (const [words, more, message] of [
      [
        run('--rw', foreign.uri),
        { PGHA_BENCH_PATRONI: patroni },
        `--rw (127.0.0.1:${foreign.port}) and PGHA_BENCH_PATRONI lead to different clusters`,
      ],
      [
        run('--target', 'own'),
        { ...env(), PGHA_BENCH_RW: foreign.uri },
        `PGHA_BENCH_RW (127.0.0.1:${foreign.port}) and pgha-bench.yaml: targets.own.patroni lead to different`,
      ],
      [run('--rw', rw, '--ro', foreign.uri), {}, `and --rw (${host}:${port}) lead to different clusters`],
    ] as const) {
      const { stderr, code } = await say(words, more);
      expect(stderr).toContain(message);
      expect(
        stderr
          .trim()
          .split('\n')
          .filter((line) => line.startsWith('pgha-bench:')),
      ).toHaveLength(1);
      expect(code).toBe(2);
    }
  });

  it('asks a lab for its settings alone where another way into it does not matter', async () => {
    const elsewhere = { PGHA_BENCH_LAB: 'target', PGHA_BENCH_RW: 'postgresql://x@127.0.0.1:1/x' };
    expect(await say(['faults'], elsewhere)).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await say(['predict', '--ttl', '20'], elsewhere);
    expect(stdout).toContain('lab target with ttl=20');
  });

  it('leaves tables alone that it did not make', async () => {
    const sql = await foreign.connect();
    try {
      await sql.query('create table pgbench_accounts (aid int); create table pgha_bench_ledger (mine text)');
      for (const words of [
        ['init', 'tpcb', '--rw', foreign.uri],
        ['cleanup', 'tpcb', '--rw', foreign.uri],
        ['run', 'tpcb', '--ledger', 'insert', '--transactions', '1', '--rw', foreign.uri],
      ]) {
        expect((await say(words)).code).toBe(2);
      }
      const { rows } = await sql.query(
        "select relname from pg_class where relname ~ '^pg(bench|ha)' order by 1",
      );
      expect(rows.map(({ relname }) => relname)).toEqual(['pgbench_accounts', 'pgha_bench_ledger']);
    } finally {
      await sql.end();
    }
  });
});

describe('secrets', () => {
  const said: string[] = [];
  const remember = ({ stdout, stderr }: Ended) => said.push(stdout, stderr);

  it('are nowhere in a result, in its reports and in what was said', async () => {
    expect((await say(['init', 'tpcb', '--scale', '1', '--lab', 'target'])).code).toBe(0);
    const words = ['run', 'tpcb', '-c', '2', '-T', '4', '--fault', 'switchover@1s', '--out', 'kept'];
    const run = await cli.run(words, env());
    remember(run);
    expect(run.stderr).toContain("The target is 'own' of pgha-bench.yaml.");
    expect(run.code, run.stderr).toBe(0);
    expect((await cli.result('kept')).plan.target).toMatchObject({
      kind: 'cluster',
      name: 'own',
      patroniAccess: { user: 'someone' },
      direct: { n2: { port: 5432 } },
    });
    for (const { name } of FORMATS) {
      const report = await say(['report', 'kept', '--format', name]);
      expect(report.code, `${name} ${report.stderr}`).toBe(0);
      expect(report.stdout, name).not.toBe('');
      remember(report);
    }
    for (const more of [['target', 'show'], ['target', 'test'], ['faults']]) {
      const ended = await say(more, env());
      expect(ended.stdout, more.join(' ')).not.toBe('');
      remember(ended);
    }
    expectNone([...said, ...filesIn(join(cli.directory, 'kept'))], lab.secrets.rwPassword ?? '');
  });

  it('are in no message about a wrong one, an address that is not there and a broken file, nor in stacks', async () => {
    const asked: string[] = [];
    const server = createServer((request: IncomingMessage, reply) => {
      asked.push(request.headers.authorization ?? '');
      reply.writeHead(401).end('no');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const refusing = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(join(cli.directory, 'broken.yaml'), `targets:\n  a:\n    password: "${IN_FILE}\n`);
    const { rw } = lab.target;
    const uri = (host: string) => `postgresql://pgha:${IN_URI}@${host}/pgha`;
    const secrets = {
      PGHA_BENCH_PATRONI_PASSWORD: IN_VARIABLES,
      PGHA_BENCH_HAPROXY_PASSWORD: IN_VARIABLES,
      PGHA_BENCH_ETCD_PASSWORD: IN_VARIABLES,
      PGHA_BENCH_PASSWORD: IN_VARIABLES,
    };
    const services = [
      ...['--patroni', refusing, '--patroni-user', 'me'],
      ...['--haproxy', refusing, '--haproxy-user', 'me'],
      ...['--etcd', refusing, '--etcd-user', 'me'],
    ];
    const good = uri(`${rw.host}:${rw.port}`);
    const lines = [
      ['target', 'test', '--rw', good, ...services],
      ['target', 'show', '--rw', good, ...services],
      ['run', 'tpcb', '--rw', good],
      ['run', 'tpcb', '--rw', uri('127.0.0.1:1')],
      ['init', 'tpcb', '--rw', uri('not a host')],
      ['run', 'tpcb', '--rw', `postgresql://pgha:${IN_URI}%zz@h/d`],
      ['run', 'tpcb', '--rw', good, '--patroni', `http://me:${IN_URI}@h:8008`],
      ['run', 'tpcb', '--rw', good, '--haproxy', `http://me:${IN_URI}@h:7000`],
      ['target', 'test', '--rw', good, '--etcd', `http://me:${IN_URI}@h:2379`],
      ['faults', '--patroni', refusing, '--patroni-user', 'me'],
      ['target', 'show', 'a', '--target-file', 'broken.yaml'],
    ];
    for (const words of lines.flatMap((line) => [line, [...line, '--debug']])) {
      const end = await say(words, secrets);
      expect(end.code, words.join(' ')).toBe(words[1] === 'show' && words[2] === '--rw' ? 0 : 2);
      expect(end.stdout + end.stderr, words.join(' ')).not.toBe('');
      remember(end);
    }
    server.close();
    // The passwords were really sent there: what is not told was known.
    const basic = Buffer.from(`me:${IN_VARIABLES}`).toString('base64');
    expect(asked).toContain(`Basic ${basic}`);
    expectNone(said, IN_URI, IN_VARIABLES, IN_FILE, basic);
  });
});

const IN_URI = 'uri-secret-1f9';
const IN_VARIABLES = 'variable-secret-2e8';
const IN_FILE = 'file-secret-3d7';

function expectNone(texts: readonly string[], ...secrets: readonly string[]): void {
  const all = [...secrets, PATRONI_SECRET, Buffer.from(`someone:${PATRONI_SECRET}`).toString('base64')];
  for (const secret of all) {
    expect(secret.length).toBeGreaterThan(8);
    const found = texts.filter((text) => text.includes(secret)).map((text) => text.slice(0, 200));
    expect(found).toEqual([]);
  }
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
}
