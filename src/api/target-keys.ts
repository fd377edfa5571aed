import type { EntryForm } from '../plan/target-file.js';

/** What can be said of a target in the environment and in a file, by the names of the options. */
export const TARGET_KEYS = {
  rw: 'text',
  ro: 'text',
  password: 'text',
  patroni: 'text',
  'patroni-user': 'text',
  'patroni-password': 'text',
  'patroni-ca': 'text',
  'patroni-cert': 'text',
  'patroni-key': 'text',
  'patroni-insecure': 'switch',
  haproxy: 'text',
  'haproxy-user': 'text',
  'haproxy-password': 'text',
  'haproxy-ca': 'text',
  'haproxy-insecure': 'switch',
  'haproxy-check': 'text',
  etcd: 'list',
  'etcd-user': 'text',
  'etcd-password': 'text',
  'etcd-ca': 'text',
  'etcd-cert': 'text',
  'etcd-key': 'text',
  'etcd-insecure': 'switch',
  direct: 'map',
  lab: 'text',
  'allow-fault': 'text',
} as const satisfies Readonly<Record<string, EntryForm>>;

export type TargetKey = keyof typeof TARGET_KEYS;

/** What is read from no command line, where everybody on the machine could see it. */
export const SECRET_KEYS = ['password', 'patroni-password', 'haproxy-password', 'etcd-password'] as const;

export type SecretKey = (typeof SECRET_KEYS)[number];

export const ALL_KEYS = Object.keys(TARGET_KEYS) as readonly TargetKey[];

export function isSecretKey(key: TargetKey): key is SecretKey {
  return SECRET_KEYS.some((secret) => secret === key);
}

/** `PGHA_BENCH_PATRONI_USER`. */
export function variableOf(key: TargetKey | 'target' | 'target-file'): string {
  return `PGHA_BENCH_${key.toUpperCase().replaceAll('-', '_')}`;
}
