import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, lineOf, messageOf, UserError } from '../errors.js';
import type { Endpoint } from '../plan/target.js';
import type { GivenEndpoint } from '../plan/uri.js';
import { homeOf } from './home.js';
import { readContext } from './tls.js';

type Environment = Readonly<Record<string, string | undefined>>;
type TlsFiles = NonNullable<Endpoint['tlsFiles']>;

/**
 * The files that TLS takes: those that were given, else those of ~/.postgresql that are there, as libpq uses them.
 * Each of them was read once, so that what is wrong with it is told before any load.
 * @throws UserError
 */
export function tlsFilesFor(given: GivenEndpoint, env: Environment): Endpoint['tlsFiles'] {
  const own = given.endpoint.tlsFiles ?? {};
  const folder = join(homeOf(env), '.postgresql');
  const caFile =
    given.systemRoots === true ? systemRoots(env) : (own.caFile ?? ifThere(join(folder, 'root.crt')));
  const certFile = own.certFile ?? ifThere(join(folder, 'postgresql.crt'));
  const keyFile = certFile === undefined ? undefined : (own.keyFile ?? join(folder, 'postgresql.key'));
  const files: TlsFiles = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
  for (const file of Object.values(files)) {
    expectReadable(file);
  }
  if (keyFile !== undefined) {
    expectPrivate(keyFile);
  }
  expectUsable(files);
  return Object.keys(files).length === 0 ? undefined : files;
}

/**
 * A mode that checks the server needs something to check it with.
 * @throws UserError
 */
export function expectRoots({ sslMode, tlsFiles }: Endpoint, flag: string, env: Environment): void {
  if (sslMode.startsWith('verify') && tlsFiles?.caFile === undefined) {
    throw new UserError(
      `${flag}: sslmode=${sslMode} needs a root certificate, and ${join(homeOf(env), '.postgresql/root.crt')} does not exist.`,
      'Give one as sslrootcert, or sslrootcert=system.',
    );
  }
}

/** Where distributions keep the certificates that they trust, the most common first. */
const SYSTEM_ROOTS = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

function systemRoots(env: Environment): string {
  const file = env['SSL_CERT_FILE'] || SYSTEM_ROOTS.find((each) => ifThere(each) !== undefined);
  if (file === undefined) {
    throw new UserError(
      'sslrootcert=system: the certificates that this system trusts were not found.',
      'Name their file in SSL_CERT_FILE, or as sslrootcert.',
    );
  }
  return file;
}

function ifThere(file: string): string | undefined {
  try {
    statSync(file);
    return file;
  } catch {
    return undefined;
  }
}

function expectReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
    if (!statSync(file).isFile()) {
      throw new UserError(`${file} is not a file; expected one in PEM.`);
    }
  } catch (error) {
    if (error instanceof UserError) {
      throw error;
    }
    throw new UserError(
      codeOf(error) === 'ENOENT'
        ? `There is no file ${file}.`
        : `${file} cannot be read: ${messageOf(error)}.`,
      'Check sslrootcert, sslcert and sslkey.',
    );
  }
}

/** libpq's rule: nobody else, but for the group of a key that is root's. */
function expectPrivate(keyFile: string): void {
  const facts: Stats = statSync(keyFile);
  const others = facts.uid === 0 ? 0o037 : 0o077;
  if ((facts.mode & others) !== 0) {
    throw new UserError(
      `The key ${keyFile} can be read by others, so libpq would refuse it.`,
      `Say 'chmod 600 ${keyFile}'.`,
    );
  }
}

/** OpenSSL's message names no content. */
function expectUsable(files: TlsFiles): void {
  const names = Object.values(files).join(', ');
  if (names === '') {
    return;
  }
  try {
    readContext(files);
  } catch (error) {
    throw new UserError(
      `${names}: expected certificates and a key without a passphrase, in PEM, that belong together, found none (${lineOf(error)}).`,
    );
  }
}
