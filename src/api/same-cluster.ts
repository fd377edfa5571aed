import { patroniAccess } from '../cluster/access.js';
import { getMember } from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import { hostPort, type Secrets, type Target } from '../plan/target.js';
import { closeClient, LOOK_TIMEOUT_MS, openClient, queryProblem } from '../postgres/connect.js';
import type { SettledEndpoint } from '../postgres/settle.js';

/**
 * That an endpoint which was given beside a lab's name leads to that lab: load, and all that a result says of it, would
 * be another database's otherwise. PostgreSQL tells the identifier that initdb gave to the cluster, to every role.
 * @param label of what gave the endpoint, for messages
 * @throws UserError when it leads elsewhere, and when that cannot be known
 */
export async function expectOfLab(
  lab: { readonly target: Target; readonly secrets: Secrets },
  { endpoint, password }: SettledEndpoint,
  label: string,
): Promise<void> {
  const { name } = lab.target;
  const [own, found] = [await identifierOfLab(lab), await identifierAt({ endpoint, password })];
  if (own === null) {
    throw new UserError(
      `${label}: no member of lab '${name}' answers, so that nobody knows whether ${hostPort(endpoint)} leads to it.`,
      `See 'pgha-bench lab status --name ${name}'.`,
    );
  }
  if (own !== found) {
    throw new UserError(
      `${label}: ${hostPort(endpoint)} does not lead to lab '${name}' but to another PostgreSQL (system identifier ${found}, the lab's is ${own}).`,
      'Leave the lab out to use it as a target of your own.',
    );
  }
}

/** Null when no member answers. */
async function identifierOfLab({
  target,
  secrets,
}: {
  readonly target: Target;
  readonly secrets: Secrets;
}): Promise<string | null> {
  const access = patroniAccess(target, secrets);
  for (const url of target.patroni) {
    const member = await getMember(url, access).catch(() => null);
    if (member !== null && member.systemIdentifier !== null) {
      return member.systemIdentifier;
    }
  }
  return null;
}

async function identifierAt({ endpoint, password }: SettledEndpoint): Promise<string> {
  const sql = await openClient(endpoint, password, 'look', { queryTimeoutMs: LOOK_TIMEOUT_MS });
  try {
    const { rows } = await sql.query<{ identifier: string }>(
      'SELECT system_identifier::text AS identifier FROM pg_control_system()',
    );
    return rows[0]?.identifier ?? 'unknown';
  } catch (error) {
    throw queryProblem(error, endpoint, 'look at its system identifier');
  } finally {
    await closeClient(sql);
  }
}
