import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WorkerLedger } from '../load/ledger-facts.js';
import { tokenPrefix } from '../workload/ledger-token.js';
import { type Acknowledgement, type Expected, tokenKey } from './expected.js';
import type { Found } from './found.js';

/** A commit that was acknowledged and is not there. */
export interface LostToken {
  readonly token: string;
  readonly client: number;
  readonly seq: number;
  /** Ms since the start of the run, and the server; null where the clients had to forget it. */
  readonly atMs: number | null;
  readonly server: string | null;
  readonly outcome: 'ack' | 'ack_unreplicated';
}

/**
 * The lost tokens of a run, by client and number. They are made while they are read, for a table that was emptied loses
 * all that a run has written.
 */
export class LostTokens implements Iterable<LostToken> {
  /** Of lost tokens alone, and no more than the clients remember. */
  private acknowledgements: Map<number, Acknowledgement> | undefined;

  constructor(
    private readonly expected: Expected,
    private readonly found: Found,
    readonly count: number,
  ) {}

  *[Symbol.iterator](): Generator<LostToken> {
    if (this.count === 0) {
      return;
    }
    this.acknowledgements ??= this.expected.acknowledgements((client, seq) => !this.found.has(client, seq));
    const prefix = tokenPrefix(this.expected.runId);
    for (const { client, seq, unreplicated } of this.found.lost()) {
      const acknowledged = this.acknowledgements.get(tokenKey(client, seq));
      yield {
        token: `${prefix}${client}.${seq}`,
        client,
        seq,
        atMs: acknowledged?.atMs ?? null,
        server: acknowledged?.server ?? null,
        outcome: unreplicated ? 'ack_unreplicated' : 'ack',
      };
    }
  }
}

/** One sentence where it is not known when some of the lost commits were acknowledged, for the clients forgot it. */
export function forgottenInstants(
  lost: Iterable<LostToken>,
  ledgers: readonly Pick<WorkerLedger, 'forgot'>[],
): readonly string[] {
  if (!ledgers.some(({ forgot }) => forgot)) {
    return [];
  }
  for (const { atMs } of lost) {
    if (atMs === null) {
      return [
        'When some of the lost commits were acknowledged, and by whom, is not known: there were more commits than the clients remember.',
      ];
    }
  }
  return [];
}

/** In the folder of a result, when anything was lost. */
export const LOST_FILE = 'lost-commits.csv';

/**
 * Writes them as CSV: `token,client,seq,ack_ms,server,outcome`; fields that are not known are empty.
 * @returns the file's name
 */
export async function writeLostTokens(directory: string, lost: Iterable<LostToken>): Promise<string> {
  await pipeline(Readable.from(lines(lost)), createWriteStream(join(directory, LOST_FILE)));
  return LOST_FILE;
}

/** Some thousand lines at a time: a stream's chunk costs more than a line. */
function* lines(lost: Iterable<LostToken>): Generator<string> {
  let text = 'token,client,seq,ack_ms,server,outcome\n';
  for (const { token, client, seq, atMs, server, outcome } of lost) {
    text += `${token},${client},${seq},${atMs?.toFixed(3) ?? ''},${server ?? ''},${outcome}\n`;
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  yield text;
}
