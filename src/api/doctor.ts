import { LIVE_CHECKS } from '../doctor/checks.js';
import { type Diagnosis, diagnose, type Layer } from '../doctor/finding.js';
import { gatherLive, type Insight, refuseSilence } from '../doctor/live.js';
import type { WriteProbe } from '../doctor/write-probe.js';
import { lookersOf } from '../observe/probes.js';
import { parseSwitch } from '../plan/words.js';
import { parseInteger } from '../units.js';
import { type Given, once } from './arguments.js';
import { labInsight } from './doctor-insight.js';
import { EXIT, type ExitCode } from './exit.js';
import type { Flags } from './flags.js';
import { noLab } from './lab.js';
import type { TargetOptions } from './options.js';
import { isLab } from './run-look.js';
import { givenChecks, type ResolvedTarget, resolveTarget } from './target.js';
import { TARGET_FLAGS } from './target-flags.js';
import { readTargetSettings, type TargetSettings } from './target-settings.js';
import { targetGiven } from './texts.js';
import { refuseUnknown } from './unknown-option.js';

export type { CheckOutcome, Diagnosis, Finding, Layer, Severity } from '../doctor/finding.js';

/** What {@link diagnoseTarget} is told. */
export interface DoctorOptions {
  /** The lab named `default` when absent. */
  readonly target?: TargetOptions;
  /** Virtual clients that it is to be loaded with; 1 when absent. */
  readonly clients?: number;
  /** Consent to make a table, write a row through the read-write endpoint, read it everywhere, and drop the table. */
  readonly writeProbe?: boolean;
}

export interface DoctorHooks {
  /** Ends the writing of `writeProbe`; its table is dropped, and what was found without it is told. */
  readonly signal?: AbortSignal;
}

/** What was found on a running target. */
export interface TargetDiagnosis extends Diagnosis {
  /** What the row of `writeProbe` took; null where it was not written, or not acknowledged. */
  readonly writeProbe: WriteProbeTimes | null;
}

export interface WriteProbeTimes {
  /** From the write to its acknowledgement, ms. */
  readonly ackMs: number;
  /** From the acknowledgement until it could be read, ms, by member, and `ro` for the read-only endpoint; null where it could not. */
  readonly visibleMs: Readonly<Record<string, number | null>>;
}

/** Options of `doctor`, in the order of its help. */
export const DOCTOR_FLAGS = {
  clients: { alias: 'c', group: 'What to look at:', describe: 'that it is to be loaded with [1]' },
  'write-probe': {
    isSwitch: true,
    group: 'What to look at:',
    describe: 'write a row to a table of its own, and look for it on each node',
  },
  list: { isSwitch: true, group: 'What to look at:', describe: 'print all checks, and end' },
  format: { group: 'How:', describe: 'terminal or json [terminal]' },
  strict: { isSwitch: true, group: 'How:', describe: 'exit code 1 for warnings, too' },
  ...TARGET_FLAGS,
} as const satisfies Flags;

/**
 * Looks at a running target, and tells what would make a run fail or mislead. It only reads, unless `writeProbe` says
 * otherwise; the one request that could change something takes back a restart, and is sent only where none is scheduled.
 * @throws UserError for what is wrong in the options, and when nothing of the target answers
 */
export async function diagnoseTarget(
  options: DoctorOptions = {},
  hooks: DoctorHooks = {},
): Promise<TargetDiagnosis> {
  refuseUnknown('diagnoseTarget', options, ['target', 'clients', 'writeProbe']);
  const target = targetGiven(options.target);
  const texts = {
    ...(options.clients === undefined ? {} : { clients: String(options.clients) }),
    ...(options.writeProbe === undefined ? {} : { 'write-probe': String(options.writeProbe) }),
  };
  return diagnoseGiven({ ...target, args: { ...target.args, ...texts } }, hooks.signal);
}

/** @throws as {@link diagnoseTarget} */
export async function diagnoseGiven(given: Given, signal?: AbortSignal): Promise<TargetDiagnosis> {
  const clients = parseInteger(once(given.args, 'clients') ?? '1', '--clients', { min: 1 });
  const writeProbe = switchOf(given, 'write-probe');
  const settings = await readTargetSettings(given);
  const resolved = await resolve(given, settings);
  const insight = await insightOf(resolved, settings);
  const { target, secrets } = resolved;
  const usual = { probes: true, observers: true, directWrites: false };
  const evidence = await gatherLive(target, secrets, insight, {
    clients,
    lookers: lookersOf({ ...usual, target }),
    writeProbe,
    ...(signal === undefined ? {} : { signal }),
  });
  refuseSilence(evidence);
  const subject = target.kind === 'lab' ? `lab ${target.name}` : target.name;
  const written = evidence.writeProbe;
  return {
    ...diagnose(subject, LIVE_CHECKS, evidence),
    writeProbe: 'value' in written ? timesOf(written.value) : null,
  };
}

/** 1 where a run would be refused; warnings count only when they are told to. */
export function exitCodeOf({ findings }: Pick<Diagnosis, 'findings'>, isStrict: boolean): ExitCode {
  const graves = isStrict ? ['refuse', 'warn'] : ['refuse'];
  return findings.some(({ severity }) => graves.includes(severity)) ? EXIT.gateFailed : EXIT.ok;
}

/** A check, for lists. */
export interface CheckDescription {
  readonly id: string;
  readonly layer: Layer;
  /** What must be so, one line. */
  readonly about: string;
}

/** All checks of running targets, by layer. */
export function listChecks(): readonly CheckDescription[] {
  return LIVE_CHECKS.map(({ id, layer, about }) => ({ id, layer, about }));
}

/** A switch that stands alone is on. @throws UserError */
export function switchOf({ args }: Given, flag: string): boolean {
  const text = args[flag] === true ? 'on' : once(args, flag);
  return text !== undefined && parseSwitch(text, `--${flag}`);
}

async function resolve(given: Given, settings: TargetSettings): Promise<ResolvedTarget> {
  const resolved = await resolveTarget(given, settings);
  if (resolved === undefined) {
    throw await noLab({ ...(given.stateDir === undefined ? {} : { stateDir: given.stateDir }) });
  }
  return resolved;
}

async function insightOf(resolved: ResolvedTarget, settings: TargetSettings): Promise<Insight> {
  if (isLab(resolved)) {
    return labInsight(resolved);
  }
  return {
    checks: givenChecks(settings),
    haproxyPids: { unknown: 'which processes of HAProxy run is known of a lab only' },
  };
}

function timesOf({ ack, visible }: WriteProbe): WriteProbeTimes | null {
  const visibleMs = visible.map(
    ({ name, answer }) => [name, 'value' in answer ? answer.value : null] as const,
  );
  return 'value' in ack ? { ackMs: ack.value, visibleMs: Object.fromEntries(visibleMs) } : null;
}
