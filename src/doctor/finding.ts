/*
 * What the doctor found. A check looks at one thing, in evidence that was gathered before, and tells what is wrong with it;
 * it neither connects to anything nor prints.
 */

/** `refuse`: a run would fail or mislead; `warn`: its figures would be other than they seem; `note`: good to know. */
export type Severity = 'refuse' | 'warn' | 'note';

export type Layer = 'patroni' | 'etcd' | 'postgres' | 'haproxy' | 'generator' | 'host' | 'files';

export interface Finding {
  /** Id of the check, `one-leader`. */
  readonly check: string;
  readonly layer: Layer;
  readonly severity: Severity;
  /** What it is of, where there are several: a member, a server, a file with its line; null for the whole. */
  readonly subject: string | null;
  /** What was read, one sentence with the value: `ttl is 20 and loop_wait + 2 × retry_timeout is 30.` */
  readonly found: string;
  /** Why it changes what a run would tell, one sentence. */
  readonly why: string;
  /** What to do, one line; a command or a setting where there is one. */
  readonly fix: string;
}

/** What became of one check: what could not be looked at is told, and is neither well nor ill. */
export type CheckOutcome =
  | { readonly check: string; readonly layer: Layer; readonly outcome: 'ok' }
  | { readonly check: string; readonly layer: Layer; readonly outcome: 'found' }
  | { readonly check: string; readonly layer: Layer; readonly outcome: 'skipped'; readonly reason: string };

export interface Diagnosis {
  /** What was looked at, `lab default`, or the files. */
  readonly subject: string;
  readonly checks: readonly CheckOutcome[];
  /** The gravest first. */
  readonly findings: readonly Finding[];
}

/** One thing that is looked at. */
export interface Check<Evidence> {
  /** Kebab-case, unique: `one-leader`. */
  readonly id: string;
  readonly layer: Layer;
  /** What is looked at, for the list of checks: one line. */
  readonly about: string;
  /** What is wrong, without what the check itself says; a text says why it could not be looked at. */
  readonly look: (evidence: Evidence) => readonly Complaint[] | string;
}

export type Complaint = Omit<Finding, 'check' | 'layer'>;

const GRAVITY: readonly Severity[] = ['refuse', 'warn', 'note'];

/** Makes all checks on the same evidence. */
export function diagnose<Evidence>(
  subject: string,
  checks: readonly Check<Evidence>[],
  evidence: Evidence,
): Diagnosis {
  const outcomes: CheckOutcome[] = [];
  const findings: Finding[] = [];
  for (const { id, layer, look } of checks) {
    const seen = look(evidence);
    if (typeof seen === 'string') {
      outcomes.push({ check: id, layer, outcome: 'skipped', reason: seen });
      continue;
    }
    outcomes.push({ check: id, layer, outcome: seen.length === 0 ? 'ok' : 'found' });
    findings.push(...seen.map((complaint) => ({ check: id, layer, ...complaint })));
  }
  findings.sort((a, b) => GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity));
  return { subject, checks: outcomes, findings };
}
