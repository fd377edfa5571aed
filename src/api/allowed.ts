import { getHealth } from '../cluster/health.js';
import type { HttpAccess } from '../cluster/http.js';
import { getMember } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import type { Fault } from '../faults/fault.js';
import type { Target } from '../plan/target.js';

/**
 * Whether faults may be done to the target at all: to a lab, yes; to a cluster that this tool did not start, only when
 * it is named, so that nobody hurts the wrong one, and only when it is healthy.
 * @param allowed what --allow-fault said
 * @throws UserError when not
 */
export async function checkAllowed(
  target: Target,
  faults: readonly Fault[],
  allowed: string | undefined,
  access: HttpAccess,
): Promise<void> {
  const [fault] = faults;
  if (fault === undefined || target.kind === 'lab') {
    return;
  }
  if (target.patroni.length === 0) {
    refuseUnknown(fault, allowed);
    return;
  }
  const scope = await scopeOf(target, access);
  if (allowed === undefined) {
    throw new UserError(
      `--fault: ${fault.kind} hurts the cluster '${scope}', which this tool did not start.`,
      `If that is what you want, add --allow-fault ${scope}.`,
    );
  }
  if (allowed !== scope) {
    throw new UserError(`--allow-fault: the cluster's scope is '${scope}', found '${allowed}'.`);
  }
  const health = await getHealth(target.patroni, access);
  if (!health.healthy) {
    throw new UserError(
      `--fault: the cluster '${scope}' is not healthy: ${health.reason}.`,
      'Mend it first, or run with --fault none.',
    );
  }
}

/** Without Patroni there is no scope; a word that nobody types by accident stands for it. */
function refuseUnknown(fault: Fault, allowed: string | undefined): void {
  if (allowed !== WITHOUT_SCOPE) {
    throw new UserError(
      `--fault: ${fault.kind} may hurt a server of which nothing is known but its address.`,
      `If that is what you want, add --allow-fault ${WITHOUT_SCOPE}, or --patroni URL to have its cluster looked at.`,
    );
  }
}

const WITHOUT_SCOPE = 'no-patroni';

async function scopeOf({ patroni }: Target, access: HttpAccess): Promise<string> {
  const [url = ''] = patroni;
  try {
    const { scope } = await getMember(url, access);
    if (scope !== null) {
      return scope;
    }
  } catch (error) {
    throw new UserError(`No member of the cluster answers: ${messageOf(error)}.`, 'Check --patroni.');
  }
  throw new UserError(`${url} does not tell its scope, so that --allow-fault cannot name the cluster.`);
}
