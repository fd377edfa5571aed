import type { Secrets, Target } from '../plan/target.js';
import type { HttpAccess, TlsAccess } from './http.js';

/** How Patroni's API of a target is reached. */
export function patroniAccess({ patroniAccess: given }: Target, { patroniPassword }: Secrets): HttpAccess {
  if (given === undefined) {
    return {};
  }
  const { user, ...tls } = given;
  return {
    ...(user === undefined ? {} : { basicAuth: { user, password: patroniPassword ?? '' } }),
    ...(Object.keys(tls).length === 0 ? {} : { tls: tls satisfies TlsAccess }),
  };
}
