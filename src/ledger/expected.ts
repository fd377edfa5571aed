import type { ClientLedgerFacts, WorkerLedger } from '../load/ledger-facts.js';

/** When and by whom a commit was acknowledged. */
export interface Acknowledgement {
  /** Ms since the start of the run. */
  readonly atMs: number;
  /** `127.0.2.2:5432`, as the server names itself. */
  readonly server: string;
}

/** What the clients of all workers know of their commits: what the judge compares the database with. */
export class Expected {
  readonly clients: ReadonlyMap<number, ClientLedgerFacts>;
  /** Tokens that were drawn in all. */
  readonly drawn: number;

  constructor(
    readonly runId: string,
    private readonly ledgers: readonly WorkerLedger[],
  ) {
    const clients = new Map<number, ClientLedgerFacts>();
    let drawn = 0;
    for (const facts of ledgers.flatMap((ledger) => ledger.clients)) {
      if (clients.has(facts.client)) {
        throw new Error(`Client ${facts.client} is in two ledgers.`);
      }
      clients.set(facts.client, facts);
      drawn += facts.drawn;
    }
    this.clients = clients;
    this.drawn = drawn;
  }

  /**
   * Acknowledgements of the tokens that are asked for, by {@link tokenKey}: only of those, for there may be millions of
   * others. What the workers had to forget is not there.
   */
  acknowledgements(wanted: (client: number, seq: number) => boolean): Map<number, Acknowledgement> {
    const found = new Map<number, Acknowledgement>();
    for (const { acks, servers } of this.ledgers) {
      for (let row = 0; row < acks.seq.length; row++) {
        const client = acks.client[row] as number;
        const seq = acks.seq[row] as number;
        if (wanted(client, seq)) {
          const server = servers[acks.server[row] as number] ?? '';
          found.set(tokenKey(client, seq), { atMs: (acks.atUs[row] as number) / 1000, server });
        }
      }
    }
    return found;
  }
}

/** A token as one number: 2^21 clients with 2^32 tokens each are exact. */
export function tokenKey(client: number, seq: number): number {
  return client * 2 ** 32 + seq;
}
