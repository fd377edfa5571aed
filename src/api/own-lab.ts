import { randomBytes } from 'node:crypto';
import { type Lab, labDown, labUp } from '../lab/lab.js';
import type { ProfileName } from '../lab/profiles.js';

/** A lab for one run: started here, stopped by the caller. */
export interface OwnLab {
  readonly lab: Lab;
  stop(): Promise<void>;
}

/** Another run, of this process or of another one, may start a lab at the same time. */
export function ownLabName(): string {
  return `run-${process.pid}-${randomBytes(2).toString('hex')}`;
}

/** @param tell lines about what it waits for */
export async function startOwnLab(
  options: { readonly name: string; readonly profile: ProfileName; readonly maxConnections: number },
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<OwnLab> {
  const lab = await labUp(options, tell, signal);
  return { lab, stop: () => labDown(options.name) };
}
