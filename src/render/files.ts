import { PORTS, PROXY_PORTS } from '../lab/network.js';
import { etcdEnvironment } from '../lab/templates/etcd.js';
import { haproxyConfig } from '../lab/templates/haproxy.js';
import { patroniConfig } from '../lab/templates/patroni.js';
import { API_USER, STATS_USER } from '../lab/tls.js';
import { APPLICATION_SQL, applicationSql } from './application.js';
import { allHosts, onHost, PATHS, passDirectory } from './places.js';
import type { HostFile, RenderedFile } from './rendered-file.js';
import type { ClusterSecrets } from './secrets.js';
import { readmeText, stepsText } from './steps-text.js';
import { targetText } from './target-text.js';
import { parametersOf, type Topology, type TopologyHost, timingOf, watchdogOf } from './topology.js';
import { etcdDropIn, patroniUnit } from './units.js';

/** Everything for the hosts of a topology. Pure: the same secrets give the same files. */
export function renderFiles(topology: Topology, secrets: ClusterSecrets): readonly RenderedFile[] {
  const files: RenderedFile[] = [
    { path: 'README.md', text: readmeText(topology), secret: false },
    { path: 'pgha-bench.yaml', text: targetText(topology), secret: false },
  ];
  for (const host of allHosts(topology)) {
    const own = hostFiles(topology, secrets, host);
    files.push(...own.map(({ path, text, secret }) => ({ path: `${host.name}${path}`, text, secret })), {
      path: `${host.name}/steps.md`,
      text: stepsText(topology, host, own),
      secret: false,
    });
  }
  const [first] = topology.hosts;
  if (first !== undefined) {
    files.push({ path: `${first.name}/${APPLICATION_SQL}`, text: applicationSql(secrets), secret: true });
  }
  return files;
}

export function hostFiles(
  topology: Topology,
  secrets: ClusterSecrets,
  host: TopologyHost,
): readonly HostFile[] {
  const files: HostFile[] = [];
  if (topology.hosts.includes(host)) {
    files.push(
      { path: PATHS.etcd, text: etcdText(topology, secrets, host), owner: 'root', secret: false },
      { path: PATHS.etcdDropIn, text: etcdDropIn(), owner: 'root', secret: false },
      { path: PATHS.patroni, text: patroniText(topology, secrets, host), owner: 'user', secret: true },
      { path: PATHS.patroniUnit, text: patroniUnit(topology), owner: 'root', secret: false },
    );
  }
  if (topology.proxies.includes(host)) {
    files.push({
      path: PATHS.haproxy,
      text: haproxyText(topology, secrets, host),
      owner: 'root',
      secret: true,
    });
  }
  return files;
}

function etcdText(topology: Topology, secrets: ClusterSecrets, host: TopologyHost): string {
  const settings = etcdEnvironment({
    name: host.name,
    host: host.address,
    clientPort: PORTS.etcdClient,
    peerPort: PORTS.etcdPeer,
    dataDir: onHost(topology, host, topology.directories.etcdData),
    token: secrets.etcdToken,
    members: topology.hosts.map(({ name, address }) => ({ name, host: address })),
  });
  return `# etcd of ${host.name}, cluster ${topology.name}.
# When all members are up, set ETCD_INITIAL_CLUSTER_STATE to existing: then a member that has lost
# its data joins the others, and cannot begin a cluster of its own.
${settings}`;
}

function patroniText(topology: Topology, secrets: ClusterSecrets, host: TopologyHost): string {
  const { directories, user, network } = topology;
  return patroniConfig({
    scope: topology.name,
    name: host.name,
    host: host.address,
    apiPort: PORTS.api,
    pgPort: PORTS.postgres,
    etcdHosts: topology.hosts.map(({ address }) => `${address}:${PORTS.etcdClient}`),
    binDir: directories.postgresBin,
    dataDir: onHost(topology, host, directories.postgresData),
    socketDir: onHost(topology, host, directories.postgresSocket),
    passFile: onHost(topology, host, `${passDirectory(topology)}/.pgpass-patroni`),
    // Debian's logrotate takes every *.log there.
    log: { directory: onHost(topology, host, PATHS.logs), fileName: `postgresql-${topology.name}.log` },
    clientNetwork: network,
    timing: timingOf(topology).patroni,
    parameters: parametersOf(topology),
    users: {
      superuser: { user, password: secrets.superuser },
      replication: { user: 'replicator', password: secrets.replication },
      rewind: { user: 'rewind', password: secrets.rewind },
    },
    api: { user: API_USER, password: secrets.api },
    own: {
      local: [`local all ${user} peer`, 'local all all scram-sha-256'],
      watchdog: watchdogOf(topology),
      comments: patroniComments(topology),
    },
  });
}

/** Reasons of the settings, where they stand in Patroni's configuration. */
function patroniComments({ settings }: Topology): Readonly<Record<string, string>> {
  const comments: Record<string, string> = {
    'bootstrap.dcs':
      'Taken once, when the cluster is made; from then on `patronictl edit-config` changes it.',
  };
  for (const [name, { reason }] of Object.entries(settings)) {
    const [layer, ...rest] = name.split('.');
    const key = rest.join('.');
    if (layer === 'patroni') {
      comments[`bootstrap.dcs.${key}`] = reason;
    } else if (layer === 'postgres') {
      comments[`bootstrap.dcs.postgresql.parameters.${key}`] = reason;
    } else if (layer === 'watchdog') {
      comments['watchdog.mode'] = reason;
    }
  }
  return comments;
}

function haproxyText(topology: Topology, secrets: ClusterSecrets, host: TopologyHost): string {
  const connections = Number(parametersOf(topology)['max_connections']);
  const reasons = Object.entries(topology.settings)
    .filter(([name]) => name.startsWith('haproxy.'))
    .map(([name, { value, reason }]) => {
      const word = name.slice('haproxy.'.length).replace('_', ' ');
      return `# ${word} ${value}: ${reason}\n`;
    });
  const text = haproxyConfig({
    host: host.address,
    rwPort: PROXY_PORTS.rw,
    roPort: PROXY_PORTS.ro,
    statsPort: PROXY_PORTS.stats,
    socketPath: onHost(topology, host, PATHS.haproxySocket),
    servers: topology.hosts.map(({ name, address }) => ({
      name,
      host: address,
      port: PORTS.postgres,
      apiPort: PORTS.api,
    })),
    connections: connections * topology.hosts.length,
    timing: timingOf(topology).haproxy,
    login: { user: STATS_USER, password: secrets.stats },
    // With a prefix it is a try, started by whoever tries.
    ...(topology.directories.prefix === '' ? { runAs: { user: 'haproxy', group: 'haproxy' } } : {}),
  });
  return `# HAProxy of ${host.name}, cluster ${topology.name}.\n${reasons.join('')}\n${text}`;
}
