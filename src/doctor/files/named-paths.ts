import { type EtcdFile, etcdName } from './etcd-file.js';
import { place } from './located.js';
import { memberName, type PatroniFile } from './patroni-file.js';

/** A path that a file names and that must be there before the service can start. */
export interface NamedPath {
  readonly path: string;
  readonly what: 'program' | 'certificate' | 'config-dir' | 'data-dir' | 'watchdog';
  /** What names it: `n1 restapi.certfile`. */
  readonly setting: string;
  /** Its file and line. */
  readonly place: string;
}

const PATRONI_CERTIFICATES: readonly (readonly string[])[] = [
  ...['certfile', 'keyfile', 'cafile'].map((name) => ['restapi', name]),
  ...['certfile', 'keyfile', 'cacert'].map((name) => ['ctl', name]),
  ...['cacert', 'cert', 'key'].map((name) => ['etcd3', name]),
  ...['ssl_ca_file', 'ssl_cert_file', 'ssl_key_file'].map((name) => ['postgresql', 'parameters', name]),
  ...['superuser', 'replication', 'rewind'].flatMap((role) =>
    ['sslrootcert', 'sslcert', 'sslkey'].map((name) => ['postgresql', 'authentication', role, name]),
  ),
];

const ETCD_CERTIFICATES = ['cert-file', 'key-file', 'trusted-ca-file'].flatMap((name) => [
  name,
  `peer-${name}`,
]);

export function namedPaths(patroni: readonly PatroniFile[], etcd: readonly EtcdFile[]): readonly NamedPath[] {
  return [...patroni.flatMap(ofPatroni), ...etcd.flatMap(ofEtcd)].filter(({ path }) => path.startsWith('/'));
}

function ofPatroni(file: PatroniFile): readonly NamedPath[] {
  const named = (what: NamedPath['what'], keys: readonly string[], below = ''): readonly NamedPath[] => {
    const found = file.yaml.text(...keys);
    return found === undefined
      ? []
      : [
          {
            path: `${found.value.replace(/\/$/, '')}${below}`,
            what,
            setting: `${memberName(file)}: ${keys.join('.')}`,
            place: place(file, found),
          },
        ];
  };
  return [
    ...named('program', ['postgresql', 'bin_dir'], '/postgres'),
    ...named('config-dir', ['postgresql', 'config_dir']),
    ...named('data-dir', ['postgresql', 'data_dir']),
    ...PATRONI_CERTIFICATES.flatMap((keys) => named('certificate', keys)),
    ...(file.yaml.text('watchdog', 'mode')?.value === 'required'
      ? named('watchdog', ['watchdog', 'device'])
      : []),
  ];
}

function ofEtcd(file: EtcdFile): readonly NamedPath[] {
  return ETCD_CERTIFICATES.flatMap((name) => {
    const found = file.settings.get(name);
    return found === undefined
      ? []
      : [
          {
            path: found.value,
            what: 'certificate' as const,
            setting: `${etcdName(file)}: ${name}`,
            place: place(file, found),
          },
        ];
  });
}
