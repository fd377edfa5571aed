import type { Look } from './look.js';
import { replicaOf } from './members.js';

/** Words that a command may have in braces. */
export const PLACEHOLDERS = ['leader', 'leader_host', 'replica', 'replica_host', 'scope'] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];

/** `{leader}`, but not `${leader}`, which is the shell's. */
const PATTERN = new RegExp(`(?<!\\$)\\{(${PLACEHOLDERS.join('|')})\\}`, 'g');

/** Those that stand in a command. */
export function placeholdersIn(command: string): readonly Placeholder[] {
  return PLACEHOLDERS.filter((name) => [...command.matchAll(PATTERN)].some((match) => match[1] === name));
}

/**
 * The command with its placeholders filled in.
 * @throws Error when one is not known
 */
export function fillIn(command: string, values: Readonly<Partial<Record<Placeholder, string>>>): string {
  return command.replaceAll(PATTERN, (_, name: Placeholder) => {
    const value = values[name];
    if (value === undefined) {
      throw new Error(`{${name}} is not known`);
    }
    return shellWord(value);
  });
}

/** Names come from the cluster: to the shell they must be words, whatever is in them. */
function shellWord(text: string): string {
  return /^[A-Za-z0-9._-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * The values of those that are used: a command without a replica in it needs none.
 * @param scope null where it is not known
 * @throws UserError when there is no such member
 */
export function valuesOf(
  { cluster, leader }: Look,
  scope: string | null,
  used: Iterable<Placeholder>,
): Readonly<Partial<Record<Placeholder, string>>> {
  const replica = () => replicaOf(cluster, leader, 'A placeholder {replica}');
  const known: Readonly<Record<Placeholder, () => string | null>> = {
    leader: () => leader.name,
    leader_host: () => leader.host,
    replica: () => replica().name,
    replica_host: () => replica().host,
    scope: () => scope,
  };
  const values = [...used].map((name) => [name, known[name]()] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== null));
}
