import { patroniAccess } from '../cluster/access.js';
import type { HttpAccess } from '../cluster/http.js';
import { getMember } from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import { hostPort, type Secrets, type Target } from '../plan/target.js';
import { closeClient, LOOK_TIMEOUT_MS, openClient, queryProblem } from '../postgres/connect.js';
import type { SettledEndpoint } from '../postgres/settle.js';
import { systemIdentifierOf } from '../postgres/system-identifier.js';
import { labelOf, type TargetSettings } from './target-settings.js';

/*
 * Addresses come from several places, and one that is left over from another cluster goes unnoticed: faults would strike
 * one cluster while the load is on the other, and the result would tell of no downtime.
 */

/** What was found behind the addresses of a target; null where it cannot be read. */
export interface Identifiers {
  readonly rw: string | null;
  readonly ro: string | null;
  /** As Patroni's members tell it. */
  readonly patroni: string | null;
}

/**
 * That all addresses of a target lead to one cluster, as far as they tell.
 * @param settings for messages: what gave each address
 * @throws UserError when two of them lead to different ones
 */
export function expectOneCluster(
  { rw, ro }: Pick<Target, 'rw' | 'ro'>,
  found: Identifiers,
  settings: TargetSettings,
): void {
  const where = {
    rw: `${settings.part ?? labelOf(settings, 'rw')} (${hostPort(rw)})`,
    ro: `${labelOf(settings, 'ro')}${ro === undefined ? '' : ` (${hostPort(ro)})`}`,
    patroni: labelOf(settings, 'patroni'),
  };
  const pairs = [
    ['rw', 'patroni', 'faults would strike one of them, and the load be on the other'],
    ['ro', 'rw', 'reads would not see what is written'],
    ['ro', 'patroni', 'faults would strike one of them, and the reads be on the other'],
  ] as const;
  for (const [one, other, why] of pairs) {
    if (found[one] !== null && found[other] !== null && found[one] !== found[other]) {
      throw new UserError(
        `${where[one]} and ${where[other]} lead to different clusters (system identifiers ${found[one]} and ${found[other]}): ${why}.`,
        "'pgha-bench target show' says where each address comes from.",
      );
    }
  }
}

/** As the first member that knows it says; null when none does. @param urls of Patroni's API */
export async function identifierByPatroni(
  urls: readonly string[],
  access: HttpAccess,
): Promise<string | null> {
  for (const url of urls) {
    const member = await getMember(url, access).catch(() => null);
    if (member !== null && member.systemIdentifier !== null) {
      return member.systemIdentifier;
    }
  }
  return null;
}

/**
 * That an endpoint which was given beside a lab's name leads to that lab: load, and all that a result says of it, would
 * be another database's otherwise.
 * @param label of what gave the endpoint, for messages
 * @throws UserError when it leads elsewhere, and when that cannot be known
 */
export async function expectOfLab(
  lab: { readonly target: Target; readonly secrets: Secrets },
  { endpoint, password }: SettledEndpoint,
  label: string,
): Promise<void> {
  const { target, secrets } = lab;
  const { name } = target;
  const own = await identifierByPatroni(target.patroni, patroniAccess(target, secrets));
  const found = await identifierAt({ endpoint, password });
  if (own === null) {
    throw new UserError(
      `${label}: no member of lab '${name}' answers, so that nobody knows whether ${hostPort(endpoint)} leads to it.`,
      `See 'pgha-bench lab status --name ${name}'.`,
    );
  }
  if (found === null) {
    throw new UserError(
      `${label}: the server behind ${hostPort(endpoint)} does not tell its system identifier, so that nobody knows whether it is lab '${name}'.`,
      `Let the role '${endpoint.user}' call pg_control_system().`,
    );
  }
  if (own !== found) {
    throw new UserError(
      `${label}: ${hostPort(endpoint)} does not lead to lab '${name}' but to another PostgreSQL (system identifier ${found}, the lab's is ${own}).`,
      'Leave the lab out to use it as a target of your own.',
    );
  }
}

async function identifierAt({ endpoint, password }: SettledEndpoint): Promise<string | null> {
  const sql = await openClient(endpoint, password, 'look', { queryTimeoutMs: LOOK_TIMEOUT_MS });
  try {
    return await systemIdentifierOf(sql);
  } catch (error) {
    throw queryProblem(error, endpoint, 'look at its system identifier');
  } finally {
    await closeClient(sql);
  }
}
