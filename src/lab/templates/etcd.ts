import type { NodeTls } from './tls.js';

export interface EtcdConfig {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly dataDir: string;
  /** New for each cluster: a member of an earlier one must never join. */
  readonly token: string;
  readonly members: readonly { readonly name: string; readonly host: string }[];
  /** Clients and peers are encrypted, and must show a certificate of this authority, when given. */
  readonly tls?: NodeTls;
}

/**
 * Settings by the name of etcd's flags; each is known to 3.4, 3.5 and 3.6. By flags the gRPC gateway, which
 * Patroni speaks, is on; in a configuration file it would be off.
 */
export function etcdSettings(config: EtcdConfig): Readonly<Record<string, string>> {
  const scheme = config.tls === undefined ? 'http' : 'https';
  const client = `${scheme}://${config.host}:${config.clientPort}`;
  const peer = `${scheme}://${config.host}:${config.peerPort}`;
  return {
    name: config.name,
    'data-dir': config.dataDir,
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': config.members
      .map(({ name, host }) => `${name}=${scheme}://${host}:${config.peerPort}`)
      .join(','),
    'initial-cluster-token': config.token,
    'initial-cluster-state': 'new',
    ...(config.tls === undefined ? {} : tlsSettings(config.tls)),
  };
}

/** A peer's certificate must hold the address that it connects from, or none at all: etcd checks it. */
function tlsSettings({ caFile, certFile, keyFile }: NodeTls): Readonly<Record<string, string>> {
  return {
    'client-cert-auth': 'true',
    'trusted-ca-file': caFile,
    'cert-file': certFile,
    'key-file': keyFile,
    'peer-client-cert-auth': 'true',
    'peer-trusted-ca-file': caFile,
    'peer-cert-file': certFile,
    'peer-key-file': keyFile,
  };
}

/** The same as the environment of etcd, in a file that systemd reads: `/etc/default/etcd` on Debian. */
export function etcdEnvironment(config: EtcdConfig): string {
  return Object.entries(etcdSettings(config))
    .map(([name, value]) => `ETCD_${name.toUpperCase().replaceAll('-', '_')}=${value}\n`)
    .join('');
}
