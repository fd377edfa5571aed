import { addressesOf, hostPort } from '../plan/target.js';
import type { GivenEndpoint } from '../plan/uri.js';

/** An endpoint as a URI, as far as it is known before anything is connected to, and without the password. */
export function endpointText({ endpoint, tls }: Pick<GivenEndpoint, 'endpoint' | 'tls'>): string {
  const { user, database, targetSessionAttrs, loadBalanceHosts, channelBinding, tlsFiles = {} } = endpoint;
  const hosts = addressesOf(endpoint).map((address) =>
    address.host.startsWith('/') ? `${encodeURIComponent(address.host)}:${address.port}` : hostPort(address),
  );
  const options = Object.entries({
    sslmode: tls === 'settled' ? endpoint.sslMode : tls,
    target_session_attrs: targetSessionAttrs,
    load_balance_hosts: loadBalanceHosts,
    channel_binding: channelBinding,
    sslrootcert: tlsFiles.caFile,
    sslcert: tlsFiles.certFile,
    sslkey: tlsFiles.keyFile,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const login = encodeURIComponent(user);
  return `postgresql://${login}@${hosts.join(',')}/${encodeURIComponent(database)}?${options.join('&')}`;
}
