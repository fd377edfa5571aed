import { messageOf, UserError } from '../errors.js';
import type { FaultRecord } from '../result/result.js';
import { parseDuration } from '../units.js';
import { type FaultCheck, type FaultContext, type FaultOption, type Injection, notAsked } from './fault.js';
import type { LabControl, OnSignal, Signalled } from './lab-control.js';
import { checkReady, type Look, lookAt, sleepUnless } from './look.js';
import { memberFor } from './members.js';

/** Something that is done to processes of a lab. */
export interface Blow {
  /** `n1` */
  readonly subject: string;
  /** @returns it in words, `SIGKILL to patroni (pid 7) of n1` */
  strike(lab: LabControl, onSignal: OnSignal): Promise<string>;
  /** Null when the cluster heals itself. */
  readonly undo: ((lab: LabControl) => Promise<string>) | null;
}

/** Looks who is who, strikes, and records the instant of the first signal. Never rejects. */
export async function strike(context: FaultContext, blowFor: (look: Look) => Blow): Promise<Injection> {
  const { target, plan, access, clock, round } = context;
  const record = notAsked(plan, round);
  let look: Look;
  let blow: Blow;
  let lab: LabControl;
  try {
    lab = labOf(context);
    look = await lookAt(target, access);
    blow = blowFor(look);
  } catch (error) {
    return { record: { ...record, failure: messageOf(error) }, undo: null };
  }
  const known = { ...record, subject: blow.subject, etcdLeader: look.etcdLeader };
  const { undo } = blow;
  let askedAtMs: number | null = null;
  const onSignal = () => {
    askedAtMs ??= clock.nowMs();
  };
  const undoing = undo === null ? null : () => undo(lab);
  try {
    const asked = await blow.strike(lab, onSignal);
    return { record: { ...known, askedAtMs, asked }, undo: undoing };
  } catch (error) {
    const failed = { ...known, askedAtMs, failure: messageOf(error) };
    return { record: failed, undo: askedAtMs === null ? null : undoing };
  }
}

/**
 * Lets it last for the given time, and undoes it; one that is only half done, or that the run's end interrupts, is left
 * to whoever undoes.
 * @param usual how long where no time is given, `15s`; until the round is over where that is not given either
 */
export async function lasting(
  context: FaultContext,
  injection: Injection,
  usual?: string,
): Promise<Injection> {
  const { plan, clock, signal } = context;
  const { record, undo } = injection;
  const text = plan.options['for'] ?? usual;
  if (text === undefined || undo === null || record.askedAtMs === null || record.failure !== null) {
    return injection;
  }
  const untilMs = record.askedAtMs + parseDuration(text, 'for');
  await sleepUnless(untilMs - clock.nowMs(), signal);
  if (signal.aborted) {
    return injection;
  }
  try {
    const undone = await undo();
    return { record: { ...record, undone, undoneAtMs: clock.nowMs() } satisfies FaultRecord, undo: null };
  } catch (error) {
    return { record: { ...record, undoFailure: messageOf(error) }, undo };
  }
}

/** `SIGKILL to patroni (pid 7) and postgres (pid 8 and 17 backends) of n1` */
export function signalWords(signal: string, signalled: readonly Signalled[], node: string): string {
  const words = signalled.map(({ component, pid, others }) => {
    const what = component === 'postgres' ? 'backend' : 'child';
    const plural = component === 'postgres' ? 'backends' : 'children';
    const more = others === 0 ? '' : ` and ${others} ${others === 1 ? what : plural}`;
    return `${component} (pid ${pid}${more})`;
  });
  const list = words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
  return `${signal} to ${list} of ${node}`;
}

/** The option that says whom. */
export function nodeOption(usual: 'leader' | 'replica', name = 'node'): FaultOption {
  return { name, summary: `leader, replica or a name, n2 [${usual}]` };
}

/** @param usual `15s`; until the round is over where it is not given */
export function forOption(usual = 'until the round is over'): FaultOption {
  return { name: 'for', summary: `how long [${usual}]`, type: 'duration' };
}

/** @throws UserError when it cannot be done to this lab */
export async function checkNode(context: FaultCheck, wanted: string): Promise<void> {
  const { kind } = context.plan;
  labOf(context);
  const { cluster, leader } = await checkReady(context, kind);
  memberFor(cluster, leader, wanted);
}

export function labOf({ lab, plan }: FaultCheck): LabControl {
  if (lab === null) {
    throw new UserError(
      `--fault: ${plan.kind} can be done to a lab only.`,
      'Leave --rw out, or use --fault none.',
    );
  }
  return lab;
}
