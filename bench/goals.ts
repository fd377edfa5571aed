/** Width of the first column. */
const NAME = 47;

/** Figures with their goals, one a line. A goal that is missed makes the exit code of the process 1. */
export class Goals {
  private missed = 0;

  /** @param digits behind the point */
  atMost(name: string, value: number, goal: number, unit = '', digits = 0): void {
    this.print(name, value, `≤ ${goal}`, unit, digits, value <= goal);
  }

  atLeast(name: string, value: number, goal: number, unit = '', digits = 0): void {
    this.print(name, value, `≥ ${goal}`, unit, digits, value >= goal);
  }

  /** @param percent how far it may be off */
  within(name: string, value: number, goal: number, percent: number, unit = '', digits = 0): void {
    const met = Math.abs(value - goal) <= (goal * percent) / 100;
    this.print(name, value, `${goal} ± ${percent} %`, unit, digits, met);
  }

  end(): void {
    console.log(this.missed === 0 ? '\nAll goals are met.' : `\n${this.missed} of the goals MISSED.`);
    process.exitCode = this.missed === 0 ? 0 : 1;
  }

  private print(name: string, value: number, goal: string, unit: string, digits: number, met: boolean): void {
    this.missed += met ? 0 : 1;
    const figure = `${value.toFixed(digits)} ${unit}`.padStart(14);
    console.log(`${name.padEnd(NAME)}${figure}   goal ${goal.padEnd(14)}${met ? 'met' : 'MISSED'}`);
  }
}
