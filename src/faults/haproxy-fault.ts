import type { Fault } from './fault.js';
import type { HaproxyChange, LabControl, OnSignal } from './lab-control.js';
import { checkReady } from './look.js';
import { labOf, strike } from './strike.js';

/** What differs from a restart to a reload. */
export interface HaproxyFault extends Pick<Fault, 'kind' | 'summary' | 'exercises'> {
  act(lab: LabControl, onSignal: OnSignal): Promise<HaproxyChange>;
  /** What was done to those before. */
  readonly signal: string;
}

export function haproxyFault({ kind, summary, exercises, act, signal }: HaproxyFault): Fault {
  return {
    kind,
    summary,
    exercises,
    expects: 'service',
    needs: 'lab',
    options: [],
    async check(context) {
      labOf(context);
      await checkReady(context, kind);
    },
    inject: (context) =>
      strike(context, () => ({
        subject: 'haproxy',
        strike: async (lab, onSignal) => {
          const { before, now } = await act(lab, onSignal);
          return `${signal} to HAProxy (pid ${before.join(', ') || 'none'}), and a new one (pid ${now})`;
        },
        undo: null,
      })),
  };
}
