import { randomBytes } from 'node:crypto';
import { UserError } from '../errors.js';

/** Made once for a cluster, and kept from then on. */
export interface ClusterSecrets {
  readonly superuser: string;
  readonly replication: string;
  readonly rewind: string;
  /** Of Patroni's API. */
  readonly api: string;
  /** Of HAProxy's page of statistics. */
  readonly stats: string;
  /** Of the loads' role. */
  readonly application: string;
  /** No secret, but as lasting: it keeps members of an earlier etcd out. */
  readonly etcdToken: string;
}

export const SECRETS_FILE = 'passwords.env';

/** Those that pgha-bench takes have the names that it looks for. */
export const VARIABLES: Readonly<Record<keyof ClusterSecrets, string>> = {
  application: 'PGHA_BENCH_PASSWORD',
  api: 'PGHA_BENCH_PATRONI_PASSWORD',
  stats: 'PGHA_BENCH_HAPROXY_PASSWORD',
  superuser: 'SUPERUSER_PASSWORD',
  replication: 'REPLICATION_PASSWORD',
  rewind: 'REWIND_PASSWORD',
  etcdToken: 'ETCD_TOKEN',
};

/**
 * The secrets of a file that was written before, with new ones where it has none.
 * @param text null when there is no file yet
 * @throws UserError for a value that would need quotes somewhere; it does not tell the value
 */
export function secretsFrom(text: string | null, file: string): ClusterSecrets {
  const found = new Map<string, string>();
  for (const [index, line] of (text ?? '').split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) {
      continue;
    }
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined || !/^[A-Za-z0-9_-]{8,100}$/.test(value)) {
      throw new UserError(
        `${file}, line ${index + 1}: expected NAME=value with 8 to 100 letters, digits, _ and - as value.`,
        'Other characters would need quotes in one of the files that it gets into.',
      );
    }
    found.set(name, value);
  }
  const get = (key: keyof ClusterSecrets) => found.get(VARIABLES[key]) ?? randomBytes(18).toString('hex');
  return {
    superuser: get('superuser'),
    replication: get('replication'),
    rewind: get('rewind'),
    api: get('api'),
    stats: get('stats'),
    application: get('application'),
    etcdToken: get('etcdToken'),
  };
}

/**
 * As a shell reads it: `set -a; . ./passwords.env`.
 * @param before what stands in the file, which is kept as it is but for what it lacks
 */
export function secretsText(secrets: ClusterSecrets, before: string | null): string {
  const lines = (keys: readonly (keyof ClusterSecrets)[]) =>
    keys
      .filter((key) => before === null || !`\n${before}`.includes(`\n${VARIABLES[key]}=`))
      .map((key) => `${VARIABLES[key]}=${secrets[key]}\n`)
      .join('');
  if (before !== null) {
    const end = before === '' || before.endsWith('\n') ? '' : '\n';
    return `${before}${end}${lines(KEYS)}`;
  }
  return `# Made once by pgha-bench cluster render, which keeps what stands here. Not for version control.
# What pgha-bench itself needs:
${lines(['application', 'api', 'stats'])}# PostgreSQL's roles, which only the hosts need:
${lines(['superuser', 'replication', 'rewind'])}# No secret: it keeps members of an earlier etcd out.
${lines(['etcdToken'])}`;
}

const KEYS = [
  'application',
  'api',
  'stats',
  'superuser',
  'replication',
  'rewind',
  'etcdToken',
] as const satisfies readonly (keyof ClusterSecrets)[];
