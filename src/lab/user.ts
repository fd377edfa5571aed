import { readFile } from 'node:fs/promises';
import { UserError } from '../errors.js';

export interface UnixUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Whom the lab's processes run as: null for whoever called; for root an unprivileged user, since PostgreSQL refuses root. */
export async function labUser(): Promise<UnixUser | null> {
  if (process.getuid?.() !== 0) {
    return null;
  }
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8'));
  const user = users.find(({ name }) => name === 'postgres') ?? users.find(({ name }) => name === 'nobody');
  if (user === undefined) {
    throw new UserError(
      'PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run the lab as.',
      'Run it as another user.',
    );
  }
  return user;
}

export function parsePasswd(text: string): readonly UnixUser[] {
  const users: UnixUser[] = [];
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name !== undefined && uid !== undefined && gid !== undefined) {
      users.push({ name, uid: Number(uid), gid: Number(gid) });
    }
  }
  return users;
}
