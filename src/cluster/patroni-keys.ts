import { messageOf } from '../errors.js';
import { getEtcdKeyNames } from './etcd.js';
import type { EtcdAccess } from './etcd-login.js';

/** Where Patroni keeps its clusters, unless it is told otherwise. */
const NAMESPACE = '/service/';

/** More are not looked through for a few: that etcd serves something else, too. */
const MOST_KEYS = 10_000;

/** What every cluster has, also while nobody leads it. */
const OF_A_CLUSTER = ['initialize', 'leader', 'config'] as const;

/**
 * Where etcd has the keys of a cluster, `/service/SCOPE/`: in Patroni's default namespace, or in whichever has them. Null
 * where it has none.
 * @param urls any of them may answer
 * @throws EndpointError, and Error where that cannot be told
 */
export async function findPatroniKeys(
  urls: readonly string[],
  scope: string,
  access: EtcdAccess = {},
): Promise<string | null> {
  try {
    return await Promise.any(urls.map((url) => findAt(url, scope, access)));
  } catch (error) {
    throw error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  }
}

async function findAt(url: string, scope: string, access: EtcdAccess): Promise<string | null> {
  const usual = `${NAMESPACE}${scope}/`;
  if ((await getEtcdKeyNames(url, usual, 1, access)).names.length > 0) {
    return usual;
  }
  // Patroni's namespace begins with a slash, whatever it was told.
  const { names, isAll } = await getEtcdKeyNames(url, '/', MOST_KEYS, access);
  const ends = OF_A_CLUSTER.map((name) => `/${scope}/${name}`);
  const found = new Set(
    names.flatMap((name) => ends.filter((end) => name.endsWith(end)).map(() => name.replace(/[^/]*$/, ''))),
  );
  const [first] = found;
  if (found.size > 1) {
    throw new Error(`'${scope}' is in several namespaces there: ${[...found].join(', ')}`);
  }
  if (first === undefined && !isAll) {
    throw new Error(`'${scope}' is in none of its first ${MOST_KEYS} keys`);
  }
  return first ?? null;
}

/** Where Patroni's keys are to be watched, or why they cannot be, one sentence. */
export type PatroniKeys = { readonly prefix: string } | { readonly missing: string };

/** @param scope null where it is not known */
export async function patroniKeys(
  urls: readonly string[],
  scope: string | null,
  access: EtcdAccess,
): Promise<PatroniKeys> {
  if (scope === null) {
    return { missing: 'its scope is not known' };
  }
  try {
    const prefix = await findPatroniKeys(urls, scope, access);
    return prefix === null ? { missing: `that etcd has none of the scope '${scope}'` } : { prefix };
  } catch (error) {
    // What etcd does not say now it may say later; who watches the wrong keys would say that nobody leads.
    return { missing: messageOf(error) };
  }
}
