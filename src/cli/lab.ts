import Table from 'cli-table3';
import type { Argv, Options } from 'yargs';
import { type Arguments, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import {
  type BinaryOptions,
  type ComponentStatus,
  findLab,
  type Lab,
  type LabName,
  type LabStatus,
  type LabTls,
  labStatus,
  noLab,
  PROFILE_NAMES,
  profileNamed,
  type StartLabOptions,
  startLab,
  stopLab,
} from '../api/lab.js';
import { UserError } from '../errors.js';
import { Interrupt } from './interrupt.js';

const NAME_OPTIONS = {
  name: { type: 'string', default: 'default', describe: 'several labs can stand side by side' },
  'state-dir': {
    type: 'string',
    describe: "directory of all labs' files (default: $PGHA_BENCH_STATE, or your state directory)",
  },
} as const satisfies Record<string, Options>;

const UP_OPTIONS = {
  ...NAME_OPTIONS,
  profile: {
    type: 'string',
    default: 'stock',
    describe: `${PROFILE_NAMES.join(', ')}: the sample values, the shortest supported, or synchronous`,
  },
  'max-connections': { type: 'string', default: '300', describe: "PostgreSQL's max_connections" },
  network: { type: 'string', describe: 'loopback network to use, 127.0.7 (default: the first free one)' },
  'pg-bin': { type: 'string', describe: "directory of PostgreSQL's programs (default: the newest)" },
  patroni: { type: 'string', describe: "path of Patroni's program" },
  etcd: { type: 'string', describe: "path of etcd's program" },
  haproxy: { type: 'string', describe: "path of HAProxy's program" },
  tls: {
    type: 'boolean',
    default: false,
    describe: 'encrypt everything on TCP, with certificates of an authority of its own',
  },
  keep: { type: 'boolean', default: false, describe: 'leave the files of a start that fails' },
} as const satisfies Record<string, Options>;

/** The commands below `pgha-bench lab`. `exit` is told the exit code where it is not 0. */
export function labOptions(cli: Argv, exit: (code: number) => void): Argv {
  return cli
    .command('up', 'start a lab, and wait until it serves', UP_OPTIONS, async (args) => exit(await up(args)))
    .command('down', 'stop a lab and remove its files', NAME_OPTIONS, down)
    .command('status', 'show the processes and roles of a lab', NAME_OPTIONS, status)
    .command('env', 'print shell exports: eval "$(pgha-bench lab env)"; psql', NAME_OPTIONS, env)
    .demandCommand(1, 'Expected one of lab up, lab down, lab status, lab env.');
}

async function up(args: Arguments): Promise<number> {
  const options = upOptions(args);
  const interrupt = new Interrupt(() => `'pgha-bench lab down --name ${options.name}' clears it away.\n`);
  try {
    const onStep = (line: string) => process.stderr.write(`${line}\n`);
    const lab = await startLab({ ...options, onStep, signal: interrupt.signal });
    process.stdout.write(`${summary(lab)}\n`);
    return EXIT.ok;
  } catch (error) {
    if (interrupt.signal.aborted) {
      return EXIT.interrupted;
    }
    throw error;
  } finally {
    interrupt.release();
  }
}

function upOptions(args: Arguments): StartLabOptions {
  const network = once(args, 'network');
  return {
    ...nameIn(args),
    profile: profileNamed(once(args, 'profile') ?? 'stock'),
    maxConnections: connectionsOf(once(args, 'max-connections')),
    tls: args['tls'] === true,
    keep: args['keep'] === true,
    binaries: binariesOf(args),
    ...(network === undefined ? {} : { network }),
  };
}

function binariesOf(args: Arguments): BinaryOptions {
  const pgBin = once(args, 'pg-bin');
  const patroni = once(args, 'patroni');
  const etcd = once(args, 'etcd');
  const haproxy = once(args, 'haproxy');
  return {
    ...(pgBin === undefined ? {} : { pgBin }),
    ...(patroni === undefined ? {} : { patroni }),
    ...(etcd === undefined ? {} : { etcd }),
    ...(haproxy === undefined ? {} : { haproxy }),
  };
}

async function down(args: Arguments): Promise<void> {
  const lab = nameIn(args);
  await stopLab(lab);
  process.stderr.write(`lab ${lab.name} is down\n`);
}

async function status(args: Arguments): Promise<void> {
  process.stdout.write(`${statusTable(await labStatus(nameIn(args)))}\n`);
}

async function env(args: Arguments): Promise<void> {
  const name = nameIn(args);
  const lab = await findLab(name);
  if (lab === undefined) {
    throw await noLab(name);
  }
  process.stdout.write(`${exports(lab)}\n`);
}

function nameIn(args: Arguments): LabName & { readonly name: string } {
  const stateDir = once(args, 'state-dir');
  return { name: once(args, 'name') ?? 'default', ...(stateDir === undefined ? {} : { stateDir }) };
}

/** The limits are the lab's to know. */
function connectionsOf(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) {
    throw new UserError(
      `--max-connections must be a whole number, found '${text}'.`,
      'Leave it out to have 300.',
    );
  }
  return Number(text);
}

function summary({ name, target, versions, rw, ro }: Lab): string {
  const option = name === 'default' ? '' : ` --name ${name}`;
  const where = target.stateDir === undefined ? '' : ` --state-dir ${shellQuoted(target.stateDir)}`;
  return [
    `PostgreSQL ${versions.postgres}, Patroni ${versions.patroni}, etcd ${versions.etcd}, HAProxy ${versions.haproxy}`,
    `read-write ${rw.host}:${rw.port}, read-only ${ro.host}:${ro.port}`,
    `psql: eval "$(pgha-bench lab env${option}${where})"; psql`,
  ].join('\n');
}

function statusTable(found: LabStatus): string {
  const table = new Table({
    head: ['component', 'address', 'pid', 'process', 'says'],
    style: { head: [], border: [], compact: true },
  });
  for (const each of found.components) {
    table.push([titleOf(each), each.address, each.process?.pid ?? '', each.state, each.says ?? '']);
  }
  return `lab ${found.name} is ${found.phase}, profile ${found.profile}${found.tls ? ', with TLS' : ''}, files in ${found.directory}\n${table}`;
}

function titleOf({ component, node }: ComponentStatus): string {
  return node === null ? component : `${node} ${component}`;
}

/** libpq's variables for the read-write port; patronictl finds its cluster by PATRONICTL_CONFIG_FILE. */
function exports({ rw, patroni, patroniConfig, haproxySocket, tls }: Lab): string {
  const variables: Record<string, string> = {
    PGHOST: rw.host,
    PGPORT: String(rw.port),
    PGUSER: rw.user,
    PGDATABASE: rw.database,
    PGPASSWORD: rw.password,
    PATRONI_URL: patroni[0] ?? '',
    PATRONICTL_CONFIG_FILE: patroniConfig,
    HAPROXY_SOCKET: haproxySocket,
    ...(tls === null ? {} : tlsVariables(tls)),
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuoted(value)}`)
    .join('\n');
}

/** Patroni has no names for what curl and pgha-bench need to ask its API; etcdctl has. */
function tlsVariables(tls: LabTls): Record<string, string> {
  const { patroniAccess, etcd, etcdAccess } = tls;
  return {
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: tls.caFile,
    PATRONI_CACERT: tls.caFile,
    PATRONI_CERT: patroniAccess.certFile,
    PATRONI_KEY: patroniAccess.keyFile,
    PATRONI_USER: patroniAccess.user,
    PGHA_BENCH_PATRONI_PASSWORD: patroniAccess.password,
    ETCDCTL_ENDPOINTS: etcd.join(','),
    ETCDCTL_CACERT: tls.caFile,
    ETCDCTL_CERT: etcdAccess.certFile,
    ETCDCTL_KEY: etcdAccess.keyFile,
  };
}

function shellQuoted(value: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
