import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { getHealth } from '../cluster/health.js';
import { messageOf, UserError } from '../errors.js';
import { isAtLeast } from '../version.js';
import { labAccess, labEndpoint } from './access.js';
import { findBinaries, findOpenssl } from './binaries.js';
import { endLab } from './down.js';
import { missingEtcd, missingInitializeKey } from './etcd.js';
import { missingRoutes, presetHealth, writeHaproxyConfig } from './haproxy.js';
import { claimNetwork, NODE_NAMES, nodeAddress, PORTS, PROXY_PORTS, proxyAddress } from './network.js';
import type { LabOptions } from './options.js';
import { missingPrimary, patroniUrl, patroniUsers, setLoopWait, writePatroniConfig } from './patroni.js';
import { createApplication, LOADS, missingRead, missingWrite } from './postgres.js';
import { alive, bootId, isAlive, recordOf } from './process.js';
import { profileNamed } from './profiles.js';
import { recordServers } from './servers.js';
import { type Startable, startProcess } from './start-process.js';
import { Startup, type Watched } from './startup.js';
import {
  checkSocketLength,
  createDirectory,
  isOfEarlierBoot,
  type LabDirectory,
  type LabState,
  labDirectory,
  readProcesses,
  readState,
  removeDirectory,
  writeState,
} from './state.js';
import { makeCertificates } from './tls.js';
import { labUser } from './user.js';

interface StartedLab {
  readonly directory: LabDirectory;
  readonly state: LabState;
}

interface NewLab extends StartedLab {
  /** What makes the certificates; null for a lab without TLS. */
  readonly openssl: string | null;
}

/** See labUp. */
export async function startLab(
  options: LabOptions,
  progress: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<StartedLab> {
  checkOptions(options);
  const directory = labDirectory(options.name, options.stateDir);
  checkSocketLength(directory);
  await refuseExisting(directory, options);

  const user = await labUser();
  const found = await findBinaries(options.binaries ?? {}, user);
  const openssl = options.tls === true ? await opensslFor(found.versions.postgres) : null;
  const claim = await claimNetwork(options.network);
  try {
    const state: LabState = {
      ...(await newState(options, claim.network)),
      ...found,
      user,
    };
    if (!(await createDirectory(directory, state))) {
      throw alreadyUp(options);
    }
    return await bringUp(
      { directory, state, openssl },
      new Startup(progress, signal),
      progress,
      options.keep === true,
    );
  } finally {
    await claim.release();
  }
}

/** @returns the path of the program. @throws UserError where there could be no lab with TLS */
async function opensslFor(postgres: string): Promise<string> {
  if (!isAtLeast(postgres, '15')) {
    throw new UserError(
      `A lab with TLS needs PostgreSQL 15 or later, found ${postgres}: before, a replica looks for no address in a certificate.`,
      'Give the directory of a later one with --pg-bin DIR, or leave --tls out.',
    );
  }
  return await findOpenssl();
}

/** Brings all of it up, or clears all of it away. */
async function bringUp(
  lab: NewLab,
  startup: Startup,
  progress: (line: string) => void,
  keep: boolean,
): Promise<StartedLab> {
  const { directory } = lab;
  const begin = performance.now();
  try {
    checkReachable(lab);
    progress(`starting lab ${lab.state.name} on ${lab.state.network}.1-4, files in ${directory.path}`);
    if (lab.openssl !== null) {
      await makeCertificates(lab.openssl, directory, lab.state);
    }
    await startStack(lab, startup);
    const state: LabState = { ...lab.state, phase: 'up' };
    await writeState(directory, state);
    progress(`lab ${state.name} is up after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    return { directory, state };
  } catch (error) {
    await endLab(directory, lab.state);
    if (keep) {
      await writeState(directory, { ...lab.state, phase: 'failed' });
      progress(`files of the failed start are left in ${directory.path}`);
    } else {
      await removeDirectory(directory);
    }
    throw error;
  }
}

async function startStack(lab: StartedLab, startup: Startup): Promise<void> {
  const { directory, state } = lab;
  const access = labAccess(directory, state);
  const run = async (what: Startable): Promise<Watched> => await startWatched(lab, startup, what);
  const leader = NODE_NAMES[0];
  const replicas = NODE_NAMES.filter((node) => node !== leader);

  const etcd = await Promise.all(NODE_NAMES.map((node) => run({ component: 'etcd', node })));
  await Promise.all(NODE_NAMES.map((node) => writePatroniConfig(directory, state, node)));
  await startup.waitFor('etcd to elect a leader', () => missingEtcd(state, access.etcd), first(etcd));

  // The others start once this one has won the bootstrap, so that it is always n1 that leads at first.
  const patroni = await run({ component: 'patroni', node: leader });
  await startup.waitFor(
    `${leader} to begin its bootstrap`,
    () => missingInitializeKey(state, access.etcd),
    patroni,
  );
  const others = await Promise.all(replicas.map((node) => run({ component: 'patroni', node })));
  await startup.waitFor(`${leader} to lead`, () => missingPrimary(state, leader, access.patroni), patroni);
  await createApplication(
    labEndpoint(
      directory,
      state,
      { host: nodeAddress(state.network, leader), port: PORTS.postgres },
      superuserOf(state),
    ),
    state.passwords.superuser,
    state.passwords.application,
  );

  const urls = NODE_NAMES.map((node) => patroniUrl(state, node));
  await startup.waitFor(
    `${replicas.join(' and ')} to stream`,
    async () => {
      const health = await getHealth(urls, access.patroni, NODE_NAMES.length);
      return health.healthy ? null : health.reason;
    },
    first(others),
  );
  await setLoopWait(state, leader, access.patroni);
  await recordServers(lab);
  await startHaproxy(lab, startup, leader);
}

async function startHaproxy(lab: StartedLab, startup: Startup, leader: string): Promise<void> {
  const { directory, state } = lab;
  await writeHaproxyConfig(directory, state);
  const haproxy = await startWatched(lab, startup, { component: 'haproxy', node: null });
  await startup.waitFor(
    'HAProxy to route to them',
    async () => {
      await presetHealth(directory, leader);
      return await missingRoutes(directory, leader);
    },
    haproxy,
  );
  const password = state.passwords.application;
  const endpoint = (port: number) =>
    labEndpoint(directory, state, { host: proxyAddress(state.network), port }, LOADS);
  const rw = endpoint(PROXY_PORTS.rw);
  const ro = endpoint(PROXY_PORTS.ro);
  await startup.waitFor(`a write through ${rw.host}:${rw.port}`, () => missingWrite(rw, password), haproxy);
  await startup.waitFor(`a read through ${ro.host}:${ro.port}`, () => missingRead(ro, password), haproxy);
  await startup.check();
}

async function startWatched(lab: StartedLab, startup: Startup, what: Startable): Promise<Watched> {
  await startup.check();
  const { component, node } = what;
  const title = node === null ? 'HAProxy' : `${TITLES[component]} on ${node}`;
  const logs = [lab.directory.log(component, node)];
  if (component === 'patroni') {
    logs.unshift(lab.directory.log('postgres', node));
  }
  const process = await startProcess(lab, what).catch((error: unknown) => {
    throw new UserError(`${title} could not be started: ${messageOf(error)}.`);
  });
  const watched: Watched = { title, process, logs };
  startup.watch(watched);
  return watched;
}

function superuserOf(state: LabState): { readonly user: string; readonly database: string } {
  return { user: patroniUsers(state).superuser.user, database: 'postgres' };
}

const TITLES = { etcd: 'etcd', patroni: 'Patroni', haproxy: 'HAProxy' } as const;

async function newState(
  options: LabOptions,
  network: string,
): Promise<Omit<LabState, 'binaries' | 'versions' | 'user'>> {
  const starter = await recordOf(process.pid);
  if (starter === null) {
    throw new Error(`/proc/${process.pid}/stat cannot be read`);
  }
  return {
    format: 1,
    name: options.name,
    profile: options.profile,
    network,
    scope: `pgha-${options.name}`,
    clusterToken: randomBytes(12).toString('hex'),
    maxConnections: options.maxConnections ?? 300,
    passwords: {
      superuser: newPassword(),
      replication: newPassword(),
      rewind: newPassword(),
      application: newPassword(),
    },
    ...(options.tls === true ? { tls: { api: newPassword(), stats: newPassword() } } : {}),
    bootId: await bootId(),
    phase: 'starting',
    starter,
  };
}

/** A lab of this name that is up is an error; the rest of one that a reboot has ended is cleared away. */
async function refuseExisting(directory: LabDirectory, options: LabOptions): Promise<void> {
  const state = await readState(directory);
  if (state === null) {
    return;
  }
  if (!(await isOfEarlierBoot(state))) {
    if (state.phase === 'starting' && (await isAlive(state.starter))) {
      throw new UserError(
        `The lab ${options.name} is already being started by process ${state.starter.pid}.`,
        'Wait for it, or start another beside it with --name OTHER.',
      );
    }
    if ((await alive(await readProcesses(directory))).length > 0) {
      throw alreadyUp(options);
    }
    await endLab(directory, state);
  }
  await removeDirectory(directory);
}

function alreadyUp({ name, stateDir }: LabOptions): UserError {
  const where = stateDir === undefined ? '' : ` --state-dir ${stateDir}`;
  return new UserError(
    `There is already a lab ${name}.`,
    `Stop it with \`pgha-bench lab down --name ${name}${where}\`, or start another beside it with --name OTHER.`,
  );
}

function checkOptions(options: LabOptions): void {
  profileNamed(options.profile, 'profile');
  const { maxConnections } = options;
  // Ten are PostgreSQL's, Patroni's and the replicas'; above that the lab's memory would be the limit.
  if (
    maxConnections !== undefined &&
    !(Number.isInteger(maxConnections) && maxConnections >= 20 && maxConnections <= 10_000)
  ) {
    throw new UserError(
      `--max-connections must be a whole number from 20 to 10000, found ${maxConnections}.`,
      'Leave it out to have 300.',
    );
  }
  if (process.platform !== 'linux') {
    throw new UserError(
      `A lab needs Linux, this is ${process.platform}.`,
      'Point at a cluster of your own with --rw.',
    );
  }
}

/** Root's directories may be closed to the user that the lab runs as. */
function checkReachable({ directory, state }: StartedLab): void {
  const { user } = state;
  if (user === null) {
    return;
  }
  const { status } = spawnSync('/bin/sh', ['-c', 'cd "$0"', directory.node('n1')], {
    uid: user.uid,
    gid: user.gid,
    cwd: '/',
    stdio: 'ignore',
  });
  if (status !== 0) {
    throw new UserError(
      `The user ${user.name}, whom the lab runs as since PostgreSQL refuses root, must be able to enter ${directory.path}.`,
      'Choose another place with --state-dir DIR.',
    );
  }
}

function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

function first<T>(list: readonly T[]): T {
  const [element] = list;
  if (element === undefined) {
    throw new Error('an empty list has no first element');
  }
  return element;
}
