import type { RunClock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { FaultRecord } from '../result/result.js';

/** Who is told of faults; see ScheduleContext. */
export interface FaultTeller {
  readonly clock: RunClock;
  tell(kind: 'asked' | 'answered' | 'undone' | 'healthy' | 'mended', atMs: number, text: string): void;
  /** Told what stands now and is still to be taken back. */
  onStanding(standing: readonly string[]): void;
}

interface Undo {
  /** Index of its record. */
  readonly record: number;
  readonly undo: () => Promise<string>;
}

/** What became of the faults so far, in the order in which they were asked for, and what still stands of them. */
export class FaultRecords {
  private readonly records: FaultRecord[] = [];
  private undos: Undo[] = [];

  constructor(private readonly teller: FaultTeller) {}

  get all(): readonly FaultRecord[] {
    return this.records;
  }

  get somethingStands(): boolean {
    return this.undos.length > 0;
  }

  at(index: number): FaultRecord | undefined {
    return this.records[index];
  }

  /** One that was not asked for. @returns its index */
  missed(record: FaultRecord): number {
    return this.records.push(record) - 1;
  }

  /** @param undo takes back what stands of it; null where nothing does @returns its index */
  injected(record: FaultRecord, undo: (() => Promise<string>) | null): number {
    const index = this.records.push(record) - 1;
    this.tellOf(record);
    if (undo !== null) {
      this.undos.push({ record: index, undo });
      this.tellStanding();
    }
    return index;
  }

  amend(index: number, part: Partial<FaultRecord>): void {
    const record = this.records[index];
    if (record !== undefined) {
      this.records[index] = { ...record, ...part };
    }
  }

  /** In the reverse order; one that fails does not keep the others, and is tried again in the next call. */
  async undoAll(): Promise<void> {
    const undos = this.undos.toReversed();
    this.undos = [];
    for (const each of undos) {
      try {
        await this.undo(each);
      } catch (error) {
        this.undos.unshift(each);
        this.amend(each.record, { undoFailure: messageOf(error) });
      }
    }
    this.tellStanding();
  }

  private async undo({ record, undo }: Undo): Promise<void> {
    const undone = await undo();
    const undoneAtMs = this.teller.clock.nowMs();
    this.amend(record, { undone, undoneAtMs, undoFailure: null });
    this.teller.tell('undone', undoneAtMs, `${this.at(record)?.kind} undone: ${undone}`);
  }

  private tellOf(record: FaultRecord): void {
    const { teller } = this;
    if (record.askedAtMs !== null) {
      teller.tell('asked', record.askedAtMs, `${nameOf(record)} asked`);
    }
    if (record.answeredAtMs !== null) {
      teller.tell('answered', record.answeredAtMs, `${record.kind} answered: ${record.answer}`);
    }
    if (record.undoneAtMs !== null) {
      teller.tell('undone', record.undoneAtMs, `${record.kind} undone: ${record.undone}`);
    }
  }

  private tellStanding(): void {
    this.teller.onStanding(this.undos.map(({ record }) => nameOf(this.records[record] as FaultRecord)));
  }
}

/** `kill-node of n1` */
function nameOf({ kind, subject }: FaultRecord): string {
  return subject === null ? kind : `${kind} of ${subject}`;
}
