import { EndpointError, type HttpAccess, type HttpReply, jsonOf, request } from './http.js';
import { objectOf, textOf } from './json.js';

/** How etcd is reached. It knows no basic auth: who it is, a token says that is asked for first. */
export interface EtcdAccess extends HttpAccess {
  readonly login?: EtcdLogin;
}

/**
 * A user of etcd, and the token that stands for it: one for all members, since they share what they hand out. It is asked
 * for when a member first wants one, and again when it is not accepted any more: it runs out when it is not used for five
 * minutes, and is lost where a member is started anew.
 */
export class EtcdLogin {
  private current: Promise<string> | null = null;

  constructor(
    private readonly user: string,
    private readonly password: string,
  ) {}

  /** The token, as far as there is one. */
  get known(): Promise<string> | null {
    return this.current;
  }

  /**
   * A token in place of one that was not accepted; who comes later shares it.
   * @param refused null when there was none
   * @throws EndpointError when the member does not let the user in
   */
  async renew(url: string, access: EtcdAccess, refused: string | null): Promise<string> {
    const shared = this.current;
    const token = (await shared?.catch(() => null)) ?? null;
    if (token !== null && token !== refused) {
      return token;
    }
    if (this.current !== null && this.current !== shared) {
      return this.current; // Somebody else has asked again meanwhile.
    }
    const asked = this.ask(url, access);
    this.current = asked;
    // A failure is told to those who wait for it, and the next one asks again.
    asked.catch(() => {
      if (this.current === asked) {
        this.current = null;
      }
    });
    return asked;
  }

  private async ask(url: string, access: EtcdAccess): Promise<string> {
    const endpoint = `${url}/v3/auth/authenticate`;
    const { headers: _, ...way } = access;
    const reply = await request('POST', endpoint, way, { name: this.user, password: this.password });
    if (reply.status !== 200) {
      // Its own words name what was wrong, and never the password.
      throw new EndpointError(
        endpoint,
        'status',
        `does not let user '${this.user}' in: ${reply.status} ${errorOf(reply)}`,
      );
    }
    const token = textOf(objectOf(jsonOf(endpoint, reply))?.['token']);
    if (token === null) {
      throw new EndpointError(endpoint, 'malformed', 'answered no token');
    }
    return token;
  }
}

/**
 * A request of a member, with a token where it wants one.
 * @param url base URL of the member, without a slash at its end
 * @throws EndpointError
 */
export async function askEtcd(
  url: string,
  path: string,
  access: EtcdAccess,
  body: unknown,
): Promise<HttpReply> {
  const token = (await access.login?.known?.catch(() => null)) ?? null;
  const reply = await request('POST', url + path, withToken(access, token), body);
  if (access.login === undefined || !wantsToken(reply, token)) {
    return reply;
  }
  const renewed = await access.login.renew(url, access, token);
  return request('POST', url + path, withToken(access, renewed), body);
}

/** The access with the token in its header. */
export function withToken(access: EtcdAccess, token: string | null): HttpAccess {
  return token === null ? access : { ...access, headers: { ...access.headers, authorization: token } };
}

/**
 * Without a token nobody is meant, or, where members show certificates, the user that the member's own is for, whom there
 * need not be.
 */
const WITHOUT = /user name is empty|user name not found|permission denied/;

/** It is not known any more, or was made before users or their rights were changed. */
const STALE = /invalid auth token|revision of auth store is old/;

function wantsToken({ status, text }: HttpReply, token: string | null): boolean {
  const words = token === null ? WITHOUT : STALE;
  return status === 401 || (status >= 400 && words.test(text));
}

function errorOf(reply: HttpReply): string {
  try {
    const body = objectOf(JSON.parse(reply.text));
    return textOf(body?.['message']) ?? textOf(body?.['error']) ?? '';
  } catch {
    return '';
  }
}
