import type tls from 'node:tls';
import type { Endpoint } from '../plan/target.js';

/** libpq's sslmode as what Node's TLS needs to know. */
export function sslOptions(mode: Endpoint['sslMode']): false | tls.ConnectionOptions {
  switch (mode) {
    case 'disable':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
      return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { rejectUnauthorized: true };
  }
}
