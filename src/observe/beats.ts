/** One timer for all that ask at the same cadence: each timer would wake a thread that has nothing else to do. */
export class Beats {
  private readonly listeners = new Set<() => void>();
  private ticker: NodeJS.Timeout | undefined;

  constructor(private readonly cadenceMs: number) {}

  add(listener: () => void): void {
    this.listeners.add(listener);
    this.ticker ??= setInterval(() => this.beat(), this.cadenceMs);
  }

  delete(listener: () => void): void {
    this.listeners.delete(listener);
    if (this.listeners.size === 0) {
      clearInterval(this.ticker);
      this.ticker = undefined;
    }
  }

  private beat(): void {
    for (const listener of this.listeners) {
      listener();
    }
  }
}
