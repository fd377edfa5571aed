/** What one client knows of its commits; plain data. Tokens are numbered from 1, one for each commit that was attempted. */
export interface ClientLedgerFacts {
  readonly client: number;
  /** Tokens 1 … drawn were drawn; those that are in neither of the first two lists were acknowledged. */
  readonly drawn: number;
  /** Told aborted, or never asked to be committed. */
  readonly aborted: Uint32Array;
  readonly inDoubt: Uint32Array;
  /** Acknowledged with the warning that the wait for a standby was given up. */
  readonly unreplicated: Uint32Array;
}

/** Acknowledgements in the order in which they came, by column: the newest, and those before each loss of a connection. */
export interface AckColumns {
  readonly client: Uint32Array;
  readonly seq: Uint32Array;
  /** µs since the end of the warm-up. */
  readonly atUs: Float64Array;
  /** Index in `servers`. */
  readonly server: Uint16Array;
}

/** The ledger of one worker's clients. */
export interface WorkerLedger {
  readonly clients: readonly ClientLedgerFacts[];
  readonly servers: readonly string[];
  readonly acks: AckColumns;
  /** Older acknowledgements that might be of use had to be forgotten: instants of some lost commits may be unknown. */
  readonly forgot: boolean;
}
