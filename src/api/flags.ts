/** An option of a command. */
export interface Flag {
  /** Heading of the help that it stands under. */
  readonly group: string;
  readonly describe: string;
  /** One letter, as in pgbench. */
  readonly alias?: string;
  /** Other words for it, of pgbench's or sysbench's: they are understood, and the help need not have them. */
  readonly also?: readonly string[];
  /** It is on where it stands, without a value behind it. */
  readonly isSwitch?: true;
  /** Understood, but not in the help: another flag's description speaks of it. */
  readonly hidden?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

/** Some of them, not in the help. */
export function hidden(flags: Flags, names: readonly string[]): Flags {
  return Object.fromEntries(
    Object.entries(flags).flatMap(([name, flag]) =>
      names.includes(name) ? [[name, { ...flag, hidden: true }]] : [],
    ),
  );
}
