/** What the load itself cost, and whether it disturbed what it measured. */
export interface GeneratorFacts {
  /** CPU of the whole process from the start of the load to its end. */
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  /** The main thread (probes, observers) first, then each worker. */
  readonly threads: readonly ThreadFacts[];
  /** One sentence that says whether the figures can be trusted. */
  readonly verdict: string;
  /** False when it was overloaded: near what calibration says or near one core of a thread, or with delays that clients would feel. */
  readonly healthy: boolean;
  /** The load against what its workers can do; absent in results of versions that could not tell. */
  readonly capacity?: CapacityFacts;
}

/** What `calibrate` measured on this machine says of the load. */
export interface CapacityFacts {
  /** When the machine was calibrated, ISO 8601, UTC; null where no calibration holds for it. */
  readonly calibratedAt: string | null;
  /** Transactions per second that the workers can do of those that ran, with a core for each; null where that is not known. */
  readonly tps: number | null;
  /** How much of it the load took, 0.5 for half: the median of its seconds in which anything was acknowledged. */
  readonly share: number | null;
  /** Whether it came within 20 % of all: the generator, and not the servers, may have limited the throughput. */
  readonly limited: boolean;
  /** Why the figures are not known, a sentence; null where they are. */
  readonly missing: string | null;
}

export interface ThreadFacts {
  readonly name: string;
  /** Null where the system does not tell it of a thread. */
  readonly cpuMs: number | null;
  /** How long it was ready to run and did not get a core, ms. */
  readonly waitedForCpuMs: number | null;
  /** Delay of its event loop, by its tick. */
  readonly delayP50Us: number | null;
  readonly delayP99Us: number | null;
  readonly delayMaxUs: number | null;
  readonly gcCount: number;
  readonly gcTotalMs: number;
  readonly gcMaxMs: number;
  /**
   * For how much of the load collections were watched, ms: from its begin on and from each fault on, until many were seen; others
   * are not counted. Absent in results of versions that watched all the time.
   */
  readonly gcWatchedMs?: number;
}
