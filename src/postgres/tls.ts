import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import type { Address, Endpoint } from '../plan/target.js';

/**
 * libpq's sslmode and its files as what Node's TLS needs to know. As there, `require` beside a root certificate checks
 * the server's, and a Unix socket has no TLS. pg names the host (SNI) unless it is an IP address, and Node holds the
 * certificate against that name, or against its IP addresses.
 * @throws what reading the files throws, at the first connection of a thread
 */
export function sslOptions(endpoint: Endpoint, { host }: Address = endpoint): false | tls.ConnectionOptions {
  const { sslMode, tlsFiles = NO_FILES } = endpoint;
  if (sslMode === 'disable' || host.startsWith('/')) {
    return false;
  }
  const secureContext = contextOf(tlsFiles);
  if (sslMode === 'verify-full') {
    return { secureContext, rejectUnauthorized: true };
  }
  return sslMode === 'verify-ca' || tlsFiles.caFile !== undefined
    ? { secureContext, rejectUnauthorized: true, checkServerIdentity: () => undefined }
    : { secureContext, rejectUnauthorized: false };
}

type TlsFiles = NonNullable<Endpoint['tlsFiles']>;

const NO_FILES: TlsFiles = {};

/** Thousands of clients share one: reading and parsing the files for each connection would cost more than connecting. */
const contexts = new WeakMap<TlsFiles, tls.SecureContext>();

function contextOf(files: TlsFiles): tls.SecureContext {
  const known = contexts.get(files);
  if (known !== undefined) {
    return known;
  }
  const context = readContext(files);
  contexts.set(files, context);
  return context;
}

/** Reads the files. @throws what reading or parsing them throws */
export function readContext({ caFile, certFile, keyFile }: TlsFiles): tls.SecureContext {
  return tls.createSecureContext({
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  });
}
