import { readFileSync } from 'node:fs';
import type tls from 'node:tls';
import type { Endpoint } from '../plan/target.js';

/** libpq's sslmode as what Node's TLS needs to know. */
export function sslOptions(
  endpoint: Pick<Endpoint, 'host' | 'sslMode' | 'tlsFiles'>,
): false | tls.ConnectionOptions {
  const { caFile } = endpoint.tlsFiles ?? {};
  const trusted = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  switch (endpoint.sslMode) {
    case 'disable':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
      return { ...trusted, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'verify-full':
      // pg tells Node a host's name, but no address: without one Node looks for `localhost` in the certificate.
      return { ...trusted, rejectUnauthorized: true, host: endpoint.host };
  }
}
