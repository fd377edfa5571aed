import type { ClientLedgerFacts } from '../load/ledger-facts.js';
import type { AuditCounts } from '../result/commits.js';
import { parseToken } from '../workload/ledger-token.js';
import type { Expected } from './expected.js';
import { SeqSet } from './seq-set.js';

/** What one server holds of a run's tokens: one bit for each that was drawn, whatever order they come in. */
export class Found {
  private readonly present = new Map<number, SeqSet>();
  /** Tokens that came more than once, of the few clients that have any. */
  private readonly repeated = new Map<number, SeqSet>();
  private unexpected = 0;

  constructor(private readonly expected: Expected) {
    for (const { client, drawn } of expected.clients.values()) {
      this.present.set(client, new SeqSet(drawn));
    }
  }

  /** @param text that begins as the run's tokens do */
  add(text: string): void {
    const token = parseToken(text, this.expected.runId);
    const present = token === null ? undefined : this.present.get(token.client);
    if (token === null || present === undefined || token.seq < 1 || token.seq > present.size) {
      this.unexpected++;
      return;
    }
    if (!present.add(token.seq)) {
      this.repeat(token.client, token.seq, present.size);
    }
  }

  has(client: number, seq: number): boolean {
    return this.present.get(client)?.has(seq) === true;
  }

  /** Whether both hold the same tokens, each as often as once or more than once. */
  equals(other: Found): boolean {
    return (
      this.unexpected === other.unexpected &&
      sameSets(this.present, other.present) &&
      sameSets(this.repeated, other.repeated)
    );
  }

  counts(): AuditCounts {
    const sums = {
      ackedPresent: 0,
      ackedLost: 0,
      unreplicatedPresent: 0,
      unreplicatedLost: 0,
      inDoubtCommitted: 0,
      inDoubtAbsent: 0,
      ghosts: 0,
      duplicates: 0,
      unexpected: this.unexpected,
    };
    for (const [client, present] of this.present) {
      const facts = this.expected.clients.get(client) as ClientLedgerFacts;
      const ghosts = countIn(present, facts.aborted);
      const committed = countIn(present, facts.inDoubt);
      const unreplicated = countIn(present, facts.unreplicated);
      const acked = facts.drawn - facts.aborted.length - facts.inDoubt.length;
      const ackedPresent = present.count - ghosts - committed;
      sums.ackedPresent += ackedPresent;
      sums.ackedLost += acked - ackedPresent;
      sums.unreplicatedPresent += unreplicated;
      sums.unreplicatedLost += facts.unreplicated.length - unreplicated;
      sums.inDoubtCommitted += committed;
      sums.inDoubtAbsent += facts.inDoubt.length - committed;
      sums.ghosts += ghosts;
      sums.duplicates += this.repeated.get(client)?.count ?? 0;
    }
    return sums;
  }

  /** Tokens that were acknowledged and are not there, by client and number. */
  *lost(): Generator<{ readonly client: number; readonly seq: number; readonly unreplicated: boolean }> {
    for (const [client, present] of this.present) {
      if (present.count === present.size) {
        continue;
      }
      const facts = this.expected.clients.get(client) as ClientLedgerFacts;
      const excused = setOf(present.size, facts.aborted, facts.inDoubt);
      const unreplicated = new Set(facts.unreplicated);
      for (const seq of present.missing()) {
        if (!excused.has(seq)) {
          yield { client, seq, unreplicated: unreplicated.has(seq) };
        }
      }
    }
  }

  private repeat(client: number, seq: number, size: number): void {
    const repeated = this.repeated.get(client) ?? new SeqSet(size);
    repeated.add(seq);
    this.repeated.set(client, repeated);
  }
}

function countIn(set: SeqSet, seqs: Uint32Array): number {
  let count = 0;
  for (const seq of seqs) {
    count += set.has(seq) ? 1 : 0;
  }
  return count;
}

function setOf(size: number, ...lists: readonly Uint32Array[]): SeqSet {
  const set = new SeqSet(size);
  for (const list of lists) {
    for (const seq of list) {
      set.add(seq);
    }
  }
  return set;
}

function sameSets(one: ReadonlyMap<number, SeqSet>, other: ReadonlyMap<number, SeqSet>): boolean {
  if (one.size !== other.size) {
    return false;
  }
  for (const [client, set] of one) {
    if (other.get(client)?.equals(set) !== true) {
      return false;
    }
  }
  return true;
}
