/**
 * pgha-bench side by side with pgbench and sysbench: same server, same tables, same clients and threads, alternating, so
 * that a drift of the machine meets both. Prints the ratio of throughputs and the client CPU of each per transaction.
 * The first seconds of each run are left out, of the peers', too: caches fill, and Node compiles what turns out to be hot,
 * which takes it the better part of a second. With what it does by default it takes nine minutes; ends with 1 when a goal is
 * missed.
 *
 *   npm run bench:peers [-- PAIRS SECONDS [WORK …]]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrivateServer, startPrivateServer } from '../src/postgres/private-server.fixture.js';
import { median } from './generator.js';
import { command, runOurs } from './run.js';

const CLIENTS = 32;
const WORKERS = 2;
const SCALE = 50;
/** Of sysbench, as words that pgha-bench takes, too. */
const TABLES = ['--tables=4', '--table-size=100000'];
const [pairs = '7', seconds = '3', ...wanted] = process.argv.slice(2);
const PAIRS = Number(pairs);
const SECONDS = Number(seconds);
/** At the begin of each run, and not in the figures. */
const WARMUP_SECONDS = 2;

interface Work {
  readonly name: string;
  readonly peer: Peer;
  /** The peer's words for it, and those of pgha-bench. */
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
  /** Smallest acceptable ratio of throughputs, of the median and of the worst pair. */
  readonly goal: number;
  readonly worst?: number;
  /** Largest acceptable ratio of the client's CPU. */
  readonly cpuGoal?: number;
}

interface Peer {
  readonly name: string;
  /** Makes the tables, once. */
  prepare(server: PrivateServer): Promise<void>;
  run(server: PrivateServer, work: Work): Promise<Figures>;
}

/** Of one run: transactions per second, and µs of the client's CPU for each. */
interface Figures {
  readonly tps: number;
  readonly cpuUs: number;
}

const PGBENCH: Peer = {
  name: 'pgbench',
  async prepare(server) {
    await pgbench(server, ['-i', '-s', String(SCALE), '-q']);
  },
  async run(server, { theirs }) {
    const words = ['-n', '-P', '1', '-T', String(WARMUP_SECONDS + SECONDS)];
    const output = await pgbench(server, [...theirs, ...words, '-c', String(CLIENTS), '-j', String(WORKERS)]);
    return {
      tps: meanOf(output, /^progress: .* s, (\S+) tps/gm),
      cpuUs: cpuUsIn(output) / numberIn(output, /actually processed: (\d+)/),
    };
  },
};

/** sysbench has a thread for each client. */
const SYSBENCH: Peer = {
  name: 'sysbench',
  async prepare(server) {
    await sysbench(server, [...TABLES, 'oltp_read_write', 'prepare']);
  },
  async run(server, { theirs }) {
    const length = [`--time=${WARMUP_SECONDS + SECONDS}`, '--events=0', '--report-interval=1'];
    const output = await sysbench(server, [`--threads=${CLIENTS}`, ...length, ...theirs, 'run']);
    return {
      tps: meanOf(output, /^\[ \d+s \] .* tps: (\S+) qps/gm),
      cpuUs: cpuUsIn(output) / numberIn(output, /transactions:\s+(\d+)/),
    };
  },
};

const PEERS: readonly Peer[] = [PGBENCH, SYSBENCH];

const PREPARED = ['-M', 'prepared'];
const SIMPLE = ['-M', 'simple'];
/** Written into the folder of the bench; the same for both. */
const PIPELINED_FILE = 'pipelined.sql';
const PIPELINED = ['-f', PIPELINED_FILE, '-s', String(SCALE), ...PREPARED];

const WORKS: readonly Work[] = [
  {
    name: 'select-only',
    peer: PGBENCH,
    theirs: ['-S', ...PREPARED],
    ours: ['select-only', ...PREPARED],
    goal: 1,
    cpuGoal: 1.2,
  },
  {
    name: 'tpcb',
    peer: PGBENCH,
    theirs: PREPARED,
    ours: ['tpcb', ...PREPARED],
    goal: 1,
    worst: 0.95,
  },
  {
    name: 'select-only-simple',
    peer: PGBENCH,
    theirs: ['-S', ...SIMPLE],
    ours: ['select-only', ...SIMPLE],
    goal: 0.95,
  },
  { name: 'tpcb-simple', peer: PGBENCH, theirs: SIMPLE, ours: ['tpcb', ...SIMPLE], goal: 0.95 },
  { name: 'tpcb-pipelined', peer: PGBENCH, theirs: PIPELINED, ours: PIPELINED, goal: 1 },
  ...['oltp_point_select', 'oltp_read_write'].map((name) => {
    const words = [...TABLES, name];
    return { name, peer: SYSBENCH, theirs: words, ours: [...words, ...PREPARED], goal: 1.1 };
  }),
];

/** pgbench's default transaction in one round trip. */
const PIPELINED_TPCB = `\\set aid random(1, 100000 * :scale)
\\set bid random(1, 1 * :scale)
\\set tid random(1, 10 * :scale)
\\set delta random(-5000, 5000)
\\startpipeline
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
\\endpipeline
`;

/** The disk must not be what is measured, nor a checkpoint hit one of a pair. */
const SETTINGS = {
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
};

async function main(): Promise<void> {
  const works = WORKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const server = await startPrivateServer(SETTINGS);
  const directory = await mkdtemp(join(tmpdir(), 'pgha-bench-peers-'));
  try {
    await writeFile(join(directory, PIPELINED_FILE), PIPELINED_TPCB);
    for (const peer of PEERS.filter((candidate) => works.some((work) => work.peer === candidate))) {
      await peer.prepare(server);
    }
    await vacuum(server);
    const length = `${PAIRS} pairs of ${SECONDS} s behind ${WARMUP_SECONDS} s`;
    console.log(`${CLIENTS} clients, ${WORKERS} threads, ${length};`);
    console.log(`pgbench at scale ${SCALE}, sysbench ${TABLES.join(' ')} and ${CLIENTS} threads\n`);
    console.log('                             ratio of tps          client CPU per tx, µs');
    console.log('work               peer       min   med   max  goal     ours    peer  ratio  goal');
    let missed = 0;
    for (const work of works) {
      const { text, met } = await compare(server, directory, inFolder(work, directory));
      missed += met ? 0 : 1;
      console.log(text);
    }
    console.log(missed === 0 ? '\nAll goals are met.' : `\n${missed} of ${works.length} works miss a goal.`);
    process.exitCode = missed === 0 ? 0 : 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
    await server.stop();
  }
}

/** With the path of the script, where it has one. */
function inFolder(work: Work, directory: string): Work {
  const located = (words: readonly string[]) =>
    words.map((word) => (word === PIPELINED_FILE ? join(directory, word) : word));
  return { ...work, ours: located(work.ours), theirs: located(work.theirs) };
}

/** Else the first reader of rows that were just loaded would pay for them. */
async function vacuum(server: PrivateServer): Promise<void> {
  const sql = await server.connect();
  await sql.query('VACUUM ANALYZE');
  await sql.end();
}

interface Row {
  readonly text: string;
  readonly met: boolean;
}

async function compare(server: PrivateServer, directory: string, work: Work): Promise<Row> {
  const ours: Figures[] = [];
  const theirs: Figures[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    // Each goes first every other time.
    const turns = [
      async () => ours.push(await ourFigures(server, join(directory, `${work.name}-${pair}`), work)),
      async () => theirs.push(await work.peer.run(server, work)),
    ];
    for (const turn of pair % 2 === 0 ? turns : turns.reverse()) {
      await turn();
    }
  }
  return row(work, ours, theirs);
}

function row(work: Work, ours: readonly Figures[], theirs: readonly Figures[]): Row {
  const { goal, worst = 0, cpuGoal = Number.POSITIVE_INFINITY } = work;
  const ratios = ours.map((run, pair) => run.tps / (theirs[pair]?.tps ?? Number.NaN));
  const least = Math.min(...ratios);
  const middle = median(ratios);
  const ourCpu = median(ours.map((run) => run.cpuUs));
  const theirCpu = median(theirs.map((run) => run.cpuUs));
  const met = middle >= goal && least >= worst && ourCpu / theirCpu <= cpuGoal;
  // A digit more than the goal has: what is rounded up to it has not met it.
  const figures = [least, middle, Math.max(...ratios)].map((ratio) => ratio.toFixed(3));
  const text = [
    work.name.padEnd(19),
    work.peer.name.padEnd(8),
    ...[...figures, goal.toFixed(2)].map((figure) => figure.padStart(6)),
    ourCpu.toFixed(1).padStart(9),
    theirCpu.toFixed(1).padStart(8),
    (ourCpu / theirCpu).toFixed(2).padStart(7),
    (work.cpuGoal?.toFixed(2) ?? '').padStart(6),
    met ? '  met' : '  MISSED',
    work.worst === undefined ? '' : `  (goal of min: ${work.worst.toFixed(2)})`,
  ];
  return { text: text.join(''), met };
}

async function ourFigures(server: PrivateServer, out: string, { ours }: Work): Promise<Figures> {
  const { generator, totals } = await runOurs(server, out, [
    ...[...ours, `--duration=${SECONDS}s`, `--warmup=${WARMUP_SECONDS}s`],
    ...[`--clients=${CLIENTS}`, `--workers=${WORKERS}`],
  ]);
  return {
    tps: totals.tps,
    cpuUs: (1000 * (generator.cpuUserMs + generator.cpuSystemMs)) / totals.outcomes.ack,
  };
}

function pgbench(server: PrivateServer, words: readonly string[]): Promise<string> {
  const { host, port, user, database } = server.endpoint;
  return timed(['pgbench', '-h', host, '-p', String(port), '-U', user, ...words, database]);
}

function sysbench(server: PrivateServer, words: readonly string[]): Promise<string> {
  const { host, port, user, database } = server.endpoint;
  const where = { host, port, user, db: database, password: '' };
  const flags = Object.entries(where).map(([name, value]) => `--pgsql-${name}=${value}`);
  return timed(['sysbench', '--db-driver=pgsql', ...flags, ...words]);
}

/** The shell's `time` counts the CPU of what it has started. */
function timed(words: readonly string[]): Promise<string> {
  return command('bash', ['-c', 'TIMEFORMAT="CPU %U %S"; time "$@"', 'bash', ...words]);
}

function cpuUsIn(output: string): number {
  return 1e6 * (numberIn(output, /CPU (\S+) /) + numberIn(output, /CPU \S+ (\S+)/));
}

function numberIn(output: string, pattern: RegExp): number {
  return Number(pattern.exec(output)?.[1]);
}

/** Of the seconds that a peer tells of, those behind the warm-up; the last may be a few ms more. */
function meanOf(output: string, pattern: RegExp): number {
  const tps = [...output.matchAll(pattern)].map((match) => Number(match[1])).slice(WARMUP_SECONDS);
  if (tps.length < SECONDS - 1) {
    throw new Error(`The peer told of ${tps.length} seconds:\n${output}`);
  }
  return tps.reduce((sum, each) => sum + each, 0) / tps.length;
}

await main();
