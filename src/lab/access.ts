import { type ClusterAccess, clusterAccess } from '../cluster/access.js';
import type { Address, Endpoint, Secrets, Target } from '../plan/target.js';
import type { LabDirectory, LabState } from './state.js';
import { API_USER, caFile, STATS_USER, tlsFiles } from './tls.js';

/** How the services of a lab are reached; nothing to say without TLS. */
export function labWays(
  directory: LabDirectory,
  state: LabState,
): Pick<Target, 'patroniAccess' | 'haproxyAccess' | 'etcdAccess'> {
  if (state.tls === undefined) {
    return {};
  }
  return {
    patroniAccess: { user: API_USER, ...tlsFiles(directory, 'patroni-client') },
    haproxyAccess: { user: STATS_USER, caFile: caFile(directory) },
    etcdAccess: tlsFiles(directory, 'client'),
  };
}

export function labSecrets({ passwords, tls }: LabState): Secrets {
  return {
    rwPassword: passwords.application,
    roPassword: passwords.application,
    ...(tls === undefined ? {} : { patroniPassword: tls.api, haproxyPassword: tls.stats }),
  };
}

export function labAccess(directory: LabDirectory, state: LabState): ClusterAccess {
  return clusterAccess(labWays(directory, state), labSecrets(state));
}

/** PostgreSQL of a lab, at one of its addresses. */
export function labEndpoint(
  directory: LabDirectory,
  state: LabState,
  { host, port }: Address,
  login: { readonly user: string; readonly database: string },
): Endpoint {
  const address = { host, port, ...login };
  return state.tls === undefined
    ? { ...address, sslMode: 'disable' }
    : { ...address, sslMode: 'verify-full', tlsFiles: { caFile: caFile(directory) } };
}
