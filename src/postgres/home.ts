import { homedir } from 'node:os';

/** Where libpq looks for .pgpass and .postgresql. */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['HOME'] || homedir();
}
