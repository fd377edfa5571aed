import Table from 'cli-table3';
import type { Argv, Options } from 'yargs';
import { type Arguments, once } from '../api/arguments.js';
import { EXIT } from '../api/exit.js';
import { UserError } from '../errors.js';
import type { BinaryOptions } from '../lab/binaries.js';
import {
  type ComponentStatus,
  type Lab,
  type LabOptions,
  type LabStatus,
  labDown,
  labStatus,
  labUp,
  listLabs,
  readLab,
} from '../lab/lab.js';
import { PROFILE_NAMES, type ProfileName } from '../lab/profiles.js';
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
    describe: `${PROFILE_NAMES.join(' or ')}: sample values of Patroni and HAProxy, or the shortest supported`,
  },
  'max-connections': { type: 'string', default: '300', describe: "PostgreSQL's max_connections" },
  network: { type: 'string', describe: 'loopback network to use, 127.0.7 (default: the first free one)' },
  'pg-bin': { type: 'string', describe: "directory of PostgreSQL's programs (default: the newest)" },
  patroni: { type: 'string', describe: "path of Patroni's program" },
  etcd: { type: 'string', describe: "path of etcd's program" },
  haproxy: { type: 'string', describe: "path of HAProxy's program" },
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
    const lab = await labUp(options, (line) => process.stderr.write(`${line}\n`), interrupt.signal);
    process.stdout.write(`${summary(lab, stateDirOf(args))}\n`);
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

function upOptions(args: Arguments): LabOptions {
  const stateDir = stateDirOf(args);
  const network = once(args, 'network');
  return {
    name: nameOf(args),
    profile: profileOf(once(args, 'profile')),
    maxConnections: connectionsOf(once(args, 'max-connections')),
    keep: args['keep'] === true,
    binaries: binariesOf(args),
    ...(stateDir === undefined ? {} : { stateDir }),
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
  const name = nameOf(args);
  const stateDir = stateDirOf(args);
  if (!(await listLabs(stateDir)).includes(name)) {
    throw await noLab(name, stateDir);
  }
  await labDown(name, stateDir);
  process.stderr.write(`lab ${name} is down\n`);
}

async function status(args: Arguments): Promise<void> {
  const name = nameOf(args);
  const found = await labStatus(name, stateDirOf(args));
  if (found === undefined) {
    throw await noLab(name, stateDirOf(args));
  }
  process.stdout.write(`${statusTable(found)}\n`);
}

async function env(args: Arguments): Promise<void> {
  const name = nameOf(args);
  const lab = await readLab(name, stateDirOf(args));
  if (lab === undefined) {
    throw await noLab(name, stateDirOf(args));
  }
  process.stdout.write(`${exports(lab)}\n`);
}

function nameOf(args: Arguments): string {
  return once(args, 'name') ?? 'default';
}

function stateDirOf(args: Arguments): string | undefined {
  return once(args, 'state-dir');
}

function profileOf(text: string | undefined): ProfileName {
  const profile = PROFILE_NAMES.find((name) => name === text);
  if (profile === undefined) {
    throw new UserError(
      `--profile must be ${PROFILE_NAMES.join(' or ')}, found '${text}'.`,
      'Leave it out to have stock.',
    );
  }
  return profile;
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

async function noLab(name: string, stateDir: string | undefined): Promise<UserError> {
  const others = (await listLabs(stateDir)).filter((other) => other !== name);
  const known = others.length === 0 ? '' : ` There is: ${others.join(', ')}.`;
  return new UserError(`The lab ${name} is not up.${known}`, 'Start it with `pgha-bench lab up`.');
}

function summary(lab: Lab, stateDir: string | undefined): string {
  const { versions, haproxy } = lab;
  const name = lab.name === 'default' ? '' : ` --name ${lab.name}`;
  const where = stateDir === undefined ? '' : ` --state-dir ${shellQuoted(stateDir)}`;
  return [
    `PostgreSQL ${versions.postgres}, Patroni ${versions.patroni}, etcd ${versions.etcd}, HAProxy ${versions.haproxy}`,
    `read-write ${haproxy.address}:${haproxy.rwPort}, read-only ${haproxy.address}:${haproxy.roPort}`,
    `psql: eval "$(pgha-bench lab env${name}${where})"; psql`,
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
  return `lab ${found.name} is ${found.phase}, profile ${found.profile}, files in ${found.directory}\n${table}`;
}

function titleOf({ component, node }: ComponentStatus): string {
  return node === null ? component : `${node} ${component}`;
}

/** libpq's variables for the read-write port; patronictl finds its cluster by PATRONICTL_CONFIG_FILE. */
function exports(lab: Lab): string {
  const { rw } = lab.target;
  const variables: Record<string, string> = {
    PGHOST: rw.host,
    PGPORT: String(rw.port),
    PGUSER: rw.user,
    PGDATABASE: rw.database,
    PGPASSWORD: lab.secrets.rwPassword ?? '',
    PATRONI_URL: lab.target.patroni[0] ?? '',
    PATRONICTL_CONFIG_FILE: lab.directory.patroniConfig('n1'),
    HAPROXY_SOCKET: lab.haproxy.socketPath,
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuoted(value)}`)
    .join('\n');
}

function shellQuoted(value: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
