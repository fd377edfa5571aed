import { codeOf, messageOf, UserError } from '../errors.js';
import type { Secrets, ServiceAccess, Target } from '../plan/target.js';
import { type EtcdAccess, EtcdLogin } from './etcd-login.js';
import type { HttpAccess, TlsAccess } from './http.js';
import { deleteRestart, hasScheduledRestart } from './patroni.js';

/** How each HTTP service of the cluster is reached. */
export interface ClusterAccess {
  readonly patroni: HttpAccess;
  readonly haproxy: HttpAccess;
  readonly etcd: EtcdAccess;
}

type Ways = Pick<Target, 'patroniAccess' | 'haproxyAccess' | 'etcdAccess'>;

/** Where nothing but the addresses is needed. */
export const NO_ACCESS: ClusterAccess = { patroni: {}, haproxy: {}, etcd: {} };

/** Where nothing is said of the TLS of HAProxy or etcd, whom Patroni's certificate is trusted by holds for them, too. */
export function clusterAccess(target: Ways, secrets: Secrets): ClusterAccess {
  const { patroniAccess, haproxyAccess, etcdAccess } = target;
  return {
    patroni: httpAccess(patroniAccess, secrets.patroniPassword),
    haproxy: httpAccess(sharing(patroniAccess, haproxyAccess), secrets.haproxyPassword),
    etcd: etcdAccessOf(sharing(patroniAccess, etcdAccess), secrets.etcdPassword),
  };
}

/** All or nothing: who says how one service is to be verified does not mean that another's `insecure` holds beside it. */
function sharing(
  { caFile, insecure }: ServiceAccess = {},
  { user, ...tls }: ServiceAccess = {},
): ServiceAccess {
  const own = Object.values(tls).some((value) => value !== undefined);
  return {
    ...(own || caFile === undefined ? {} : { caFile }),
    ...(own || insecure === undefined ? {} : { insecure }),
    ...(user === undefined ? {} : { user }),
    ...tls,
  };
}

/** How Patroni's API of this target is reached. */
export function patroniAccess(target: Pick<Target, 'patroniAccess'>, secrets: Secrets): HttpAccess {
  return httpAccess(target.patroniAccess, secrets.patroniPassword);
}

function etcdAccessOf({ user, ...given }: ServiceAccess, password: string | undefined): EtcdAccess {
  const access = httpAccess(given, undefined);
  return user === undefined ? access : { ...access, login: new EtcdLogin(user, password ?? '') };
}

function httpAccess(given: ServiceAccess = {}, password: string | undefined): HttpAccess {
  const { user, caFile, certFile, keyFile, insecure } = given;
  const tls: TlsAccess = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(insecure === undefined ? {} : { insecure }),
  };
  return {
    ...(user === undefined ? {} : { basicAuth: { user, password: password ?? '' } }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

/**
 * Whether each member that answers lets us change things, tried with a request that changes nothing: to take back a
 * restart that nobody has scheduled. A member that does not answer is not a matter of credentials.
 * @throws UserError that says what is missing
 */
export async function checkCredentials(urls: readonly string[], access: HttpAccess): Promise<void> {
  const problems = await Promise.all(urls.map((url) => credentialProblem(url, access)));
  const first = problems.find((problem) => problem !== null);
  if (first !== undefined && first !== null) {
    throw first;
  }
}

async function credentialProblem(url: string, access: HttpAccess): Promise<UserError | null> {
  try {
    if (await hasScheduledRestart(url, access)) {
      return null;
    }
    const { status, text } = await deleteRestart(url, access);
    return refused(url, status, text, access);
  } catch (error) {
    return tlsProblem('patroni', url, error, access);
  }
}

function refused(url: string, status: number, text: string, access: HttpAccess): UserError | null {
  const said = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 100);
  if (status === 401) {
    return access.basicAuth === undefined
      ? new UserError(
          `Patroni at ${url} asks for a user and a password, and none was given.`,
          'Give --patroni-user NAME, and the password in PGHA_BENCH_PATRONI_PASSWORD.',
        )
      : new UserError(
          `Patroni at ${url} does not accept the password of '${access.basicAuth.user}' (401 ${said}).`,
          'Check --patroni-user and PGHA_BENCH_PATRONI_PASSWORD.',
        );
  }
  if (status === 403) {
    return new UserError(
      `Patroni at ${url} lets nobody from here change anything (403 ${said}).`,
      /certificate/i.test(said)
        ? 'Give --patroni-cert FILE and --patroni-key FILE.'
        : "Add this machine to Patroni's restapi.allowlist.",
    );
  }
  return null;
}

/** OpenSSL's and Node's codes for a certificate that is not trusted. */
const UNTRUSTED =
  /SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_(HAS_EXPIRED|NOT_YET_VALID|UNTRUSTED|SIGNATURE)|ERR_TLS_CERT_ALTNAME/;

/** What a service is called, and which of its options there are. */
const SERVICES = {
  patroni: { name: 'Patroni', showsOwn: true },
  haproxy: { name: 'HAProxy', showsOwn: false },
  etcd: { name: 'etcd', showsOwn: true },
} as const;

/** A failure of TLS as one line that says what to give; null for any other. */
export function tlsProblem(
  service: keyof ClusterAccess,
  url: string,
  error: unknown,
  { tls }: HttpAccess,
): UserError | null {
  const { name, showsOwn } = SERVICES[service];
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = codeOf(cause) ?? '';
  const message = messageOf(cause);
  if (UNTRUSTED.test(code)) {
    return new UserError(
      `The certificate that ${name} shows at ${url} is not trusted: ${message}.`,
      `Give the authority that signed it with --${service}-ca FILE, or --${service}-insecure.`,
    );
  }
  // The server ends the handshake without our certificate; where TLS 1.2 or 1.3 says so, OpenSSL names the alert.
  if (
    /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA)|alert (certificate|handshake|bad cert|unknown ca)/i.test(
      `${code} ${message}`,
    )
  ) {
    return new UserError(
      tls?.certFile === undefined
        ? `${name} at ${url} asks for a client certificate, and none was given.`
        : `${name} at ${url} does not accept the certificate of ${tls.certFile}: ${message}.`,
      showsOwn
        ? `Give --${service}-cert FILE and --${service}-key FILE.`
        : `${name} is shown none: let it serve its statistics without.`,
    );
  }
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_OSSL') || code === 'EPROTO') {
    const files = (showsOwn ? ['ca', 'cert', 'key'] : ['ca']).map((file) => `--${service}-${file}`);
    return new UserError(
      `TLS with ${name} at ${url} failed: ${message.replace(/\s+/g, ' ').trim()}.`,
      `Check https:// or http:// of the address, and ${files.join(', ')}.`,
    );
  }
  return null;
}
