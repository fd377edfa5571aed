/** What the load itself cost, and whether it disturbed what it measured. */
export interface GeneratorFacts {
  /** CPU of the whole process from the start of the load to its end. */
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  /** The main thread (probes, observers) first, then each worker. */
  readonly threads: readonly ThreadFacts[];
  /** One sentence that says whether the figures can be trusted. */
  readonly verdict: string;
  /** False when it was overloaded: CPU near one core of a thread, or delays of its event loops that clients would feel. */
  readonly healthy: boolean;
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
}
