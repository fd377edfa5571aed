import type { EnvironmentFile } from './environment-file.js';
import type { Located } from './located.js';
import type { YamlFile } from './yaml-file.js';

/** How one member of etcd is started. */
export interface EtcdFile {
  readonly path: string;
  readonly form: 'environment' | 'yaml';
  /** By the names of etcd's flags, `initial-cluster`. */
  readonly settings: ReadonlyMap<string, Located<string>>;
  /** Names that only look like settings, as they stand in the file. */
  readonly unknown: readonly Located<string>[];
  /** Lines that systemd leaves out. */
  readonly ignored: readonly Located<string>[];
}

/** `n1=http://10.0.0.1:2380` of initial-cluster; a name stands as often as it has URLs. */
export interface InitialMember {
  readonly name: string;
  readonly url: string;
}

/** ETCD_INITIAL_CLUSTER is --initial-cluster; Debian's DAEMON_ARGS are flags, which etcd puts above its environment. */
export function etcdFromEnvironment(path: string, file: EnvironmentFile): EtcdFile {
  const settings = new Map<string, Located<string>>();
  const unknown: Located<string>[] = [];
  for (const [name, { value, line }] of file.values) {
    const flag = /^ETCD_(\w+)$/.exec(name)?.[1]?.toLowerCase().replaceAll('_', '-');
    if (flag === undefined) {
      continue;
    }
    settings.set(flag, { value, line });
    if (!isSetting(flag)) {
      unknown.push({ value: name, line });
    }
  }
  const flags = file.values.get('DAEMON_ARGS') ?? file.values.get('ETCD_OPTS');
  for (const [, name = '', value = ''] of flags?.value.matchAll(/--?([a-z][a-z-]*)[= ]([^\s-]\S*)/g) ?? []) {
    settings.set(name, { value, line: flags?.line ?? 1 });
  }
  return { path, form: 'environment', settings, unknown, ignored: file.ignored };
}

export function etcdFromYaml(yaml: YamlFile): EtcdFile {
  const settings = new Map<string, Located<string>>();
  const unknown: Located<string>[] = [];
  for (const key of yaml.keys()) {
    const text = yaml.text(key.value);
    if (text !== undefined) {
      settings.set(key.value, text);
    }
    if (!isSetting(key.value) && !/-(security|options|outputs|tuning)$/.test(key.value)) {
      unknown.push(key);
    }
  }
  for (const [section, prefix] of [
    ['client-transport-security', ''],
    ['peer-transport-security', 'peer-'],
  ] as const) {
    for (const name of ['cert-file', 'key-file', 'trusted-ca-file']) {
      const text = yaml.text(section, name);
      if (text !== undefined) {
        settings.set(`${prefix}${name}`, text);
      }
    }
  }
  return { path: yaml.path, form: 'yaml', settings, unknown, ignored: [] };
}

/** Of etcd's own names. */
export const ETCD_SETTINGS: readonly string[] = [
  ...['name', 'data-dir', 'wal-dir', 'snapshot-count', 'heartbeat-interval', 'election-timeout'],
  ...['listen-peer-urls', 'listen-client-urls', 'listen-metrics-urls', 'advertise-client-urls'],
  ...['initial-advertise-peer-urls', 'initial-cluster', 'initial-cluster-state', 'initial-cluster-token'],
  ...['max-snapshots', 'max-wals', 'quota-backend-bytes', 'cors', 'host-whitelist', 'strict-reconfig-check'],
  ...['discovery', 'discovery-srv', 'discovery-srv-name', 'discovery-fallback', 'discovery-proxy'],
  ...['discovery-token', 'discovery-endpoints', 'proxy', 'enable-v2', 'v2-deprecation', 'metrics', 'debug'],
  ...['auto-compaction-mode', 'auto-compaction-retention', 'enable-grpc-gateway', 'enable-pprof', 'pre-vote'],
  ...['cert-file', 'key-file', 'trusted-ca-file', 'client-cert-auth', 'client-crl-file', 'auto-tls'],
  ...['peer-cert-file', 'peer-key-file', 'peer-trusted-ca-file', 'peer-client-cert-auth', 'peer-auto-tls'],
  ...['peer-crl-file', 'peer-cert-allowed-cn', 'peer-cert-allowed-hostname', 'self-signed-cert-validity'],
  ...['client-cert-allowed-hostname', 'client-cert-file', 'client-key-file', 'peer-client-cert-file'],
  ...['peer-client-key-file', 'tls-min-version', 'tls-max-version', 'cipher-suites', 'logger', 'log-outputs'],
  ...['log-level', 'log-package-levels', 'log-format', 'log-rotation-config-json', 'enable-log-rotation'],
  ...['auth-token', 'auth-token-ttl', 'bcrypt-cost', 'socket-reuse-port', 'socket-reuse-address'],
  ...['force-new-cluster', 'initial-election-tick-advance', 'max-txn-ops', 'max-request-bytes'],
  ...['grpc-keepalive-min-time', 'grpc-keepalive-interval', 'grpc-keepalive-timeout', 'unsafe-no-fsync'],
  ...[
    'backend-batch-limit',
    'backend-batch-interval',
    'backend-bbolt-freelist-type',
    'max-concurrent-streams',
  ],
  ...['max-learners', 'compaction-batch-limit', 'compaction-sleep-interval', 'downgrade-check-time'],
  ...['warning-apply-duration', 'warning-unary-request-duration', 'feature-gates', 'config-file'],
  ...['corrupt-check-time', 'memory-mlock', 'raft-read-timeout', 'raft-write-timeout', 'log-rotate-interval'],
];

/** Those whose names begin so come and go between versions. */
function isSetting(name: string): boolean {
  return /^(experimental|distributed-tracing)-/.test(name) || ETCD_SETTINGS.includes(name);
}

export function etcdName(file: EtcdFile): string {
  return file.settings.get('name')?.value ?? file.path;
}

/** URLs of a setting, without a slash at the end. */
export function urlsOf(file: EtcdFile, setting: string): readonly Located<string>[] {
  const found = file.settings.get(setting);
  return (found?.value ?? '')
    .split(',')
    .map((url) => bare(url.trim()))
    .filter((url) => url !== '')
    .map((value) => ({ value, line: found?.line ?? 1 }));
}

export function initialCluster(file: EtcdFile): readonly InitialMember[] {
  return (file.settings.get('initial-cluster')?.value ?? '').split(',').flatMap((part) => {
    const [, name = '', url = ''] = /^\s*([^=\s]+)=(\S+)\s*$/.exec(part) ?? [];
    return name === '' ? [] : [{ name, url: bare(url) }];
  });
}

/** Without the slash at the end, and without a password, which has no place there. */
const bare = (url: string) => url.replace(/\/$/, '').replace(/\/\/[^/]*@/, '//');

/** Milliseconds, with etcd's defaults. */
export function etcdTiming(file: EtcdFile): { readonly heartbeatMs: number; readonly electionMs: number } {
  const ms = (name: string, usual: number) => Number(file.settings.get(name)?.value ?? usual) || usual;
  return { heartbeatMs: ms('heartbeat-interval', 100), electionMs: ms('election-timeout', 1000) };
}
