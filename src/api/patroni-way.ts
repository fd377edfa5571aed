import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { patroniAccess, tlsProblem } from '../cluster/access.js';
import type { HttpAccess } from '../cluster/http.js';
import { getCluster } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import type { ServiceAccess } from '../plan/target.js';
import { parseSwitch } from '../plan/words.js';
import { type Arguments, type Given, once } from './arguments.js';
import { OF_PATRONI } from './target-flags.js';

/** The address of Patroni alone, for what looks at nothing else. @throws UserError */
export async function patroniTarget(
  given: Given,
): Promise<{ readonly urls: readonly string[]; readonly access: HttpAccess } | undefined> {
  const url = patroniAddress(given.args);
  if (url === undefined) {
    return undefined;
  }
  const way = patroniWay(given, url);
  return { urls: await memberUrls(url, way), access: way.http };
}

/** What stands in a target is written into the result, so that no password may. @throws UserError that does not repeat it */
export function withoutUserInfo(text: string | undefined, flag: string, action: string): string | undefined {
  if (text?.includes('@')) {
    throw new UserError(
      `${flag}: expected an address without user and password, found one with '@'.`,
      action,
    );
  }
  return text;
}

/** @throws UserError when it holds a user or a password */
export function patroniAddress(args: Arguments): string | undefined {
  return withoutUserInfo(
    once(args, 'patroni'),
    '--patroni',
    'Give the user with --patroni-user, and the password in PGHA_BENCH_PATRONI_PASSWORD.',
  );
}

/** How Patroni's API is reached. */
export interface PatroniWay {
  /** Undefined when nothing but the address was given. */
  readonly access: ServiceAccess | undefined;
  readonly password: string | undefined;
  readonly http: HttpAccess;
}

/** @throws UserError for what does not fit together, and for a file that cannot be read */
export function patroniWay({ args, env }: Given, url: string | undefined): PatroniWay {
  const given = OF_PATRONI.find((flag) => args[flag] !== undefined);
  if (url === undefined && given !== undefined) {
    throw new UserError(`--${given} needs --patroni, the address, beside it.`);
  }
  const user = once(args, 'patroni-user');
  const password = env['PGHA_BENCH_PATRONI_PASSWORD'];
  if (user !== undefined && password === undefined) {
    throw new UserError(
      `--patroni-user needs the password of '${user}' in PGHA_BENCH_PATRONI_PASSWORD, found none.`,
    );
  }
  const files = {
    caFile: readableFile(args, 'patroni-ca'),
    certFile: readableFile(args, 'patroni-cert'),
    keyFile: readableFile(args, 'patroni-key'),
  };
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    throw new UserError('--patroni-cert and --patroni-key need each other, found one of them.');
  }
  const insecureText = args['patroni-insecure'] === true ? 'true' : once(args, 'patroni-insecure');
  const insecure = insecureText !== undefined && parseSwitch(insecureText, '--patroni-insecure');
  const access: ServiceAccess = {
    ...(user === undefined ? {} : { user }),
    ...(files.caFile === undefined ? {} : { caFile: files.caFile }),
    ...(files.certFile === undefined ? {} : { certFile: files.certFile }),
    ...(files.keyFile === undefined ? {} : { keyFile: files.keyFile }),
    ...(insecure ? { insecure } : {}),
  };
  const ofUser = user === undefined ? undefined : password;
  const secrets = ofUser === undefined ? {} : { patroniPassword: ofUser };
  return {
    access: Object.keys(access).length === 0 ? undefined : access,
    password: ofUser,
    http: patroniAccess({ patroniAccess: access }, secrets),
  };
}

function readableFile(args: Arguments, flag: (typeof OF_PATRONI)[number]): string | undefined {
  const path = once(args, flag);
  if (path === undefined) {
    return undefined;
  }
  try {
    readFileSync(path);
    return resolve(path);
  } catch (error) {
    throw new UserError(`--${flag}: expected a PEM file, but ${path} cannot be read: ${messageOf(error)}.`);
  }
}

/** The member that was given first: it is known to be reachable from here. */
export async function memberUrls(url: string, { http }: PatroniWay): Promise<string[]> {
  if (!/^https?:\/\//.test(url)) {
    throw new UserError(`--patroni: expected a URL such as http://host:8008, found '${url}'.`);
  }
  try {
    const cluster = await getCluster(url, http);
    const others = cluster.members.map((member) => member.apiUrl).filter((other) => other !== url);
    return [url.replace(/\/+$/, ''), ...others];
  } catch (error) {
    throw (
      tlsProblem(url, error, http) ??
      new UserError(
        `--patroni: no cluster answers there: ${messageOf(error)}.`,
        "Give the base URL of a member's REST API.",
      )
    );
  }
}
