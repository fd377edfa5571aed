/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** A condition on the result was not met. */
  gateFailed: 1,
  /** Wrong use, or it could not start. */
  usage: 2,
  /** The run broke: the target never came back. */
  broken: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
