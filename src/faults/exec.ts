import type { ClusterAccess } from '../cluster/access.js';
import type { HttpAccess } from '../cluster/http.js';
import { getMember } from '../cluster/patroni.js';
import { messageOf, UserError } from '../errors.js';
import type { Target } from '../plan/target.js';
import type { FaultRecord } from '../result/result.js';
import { type CommandEnd, commandFailure, notStarted, runCommand } from './command.js';
import { type Fault, type FaultContext, type Injection, notAsked } from './fault.js';
import { checkReady, type Look, lookAt } from './look.js';
import { fillIn, PLACEHOLDERS, placeholdersIn, valuesOf } from './placeholders.js';

/** Whatever a command here can do: pull a plug, stop a machine of a cloud, cut a network. */
export const exec: Fault = {
  kind: 'exec',
  summary: 'a command of yours, run here by /bin/sh',
  exercises: 'what the command does; its exit code and its output are in the result',
  expects: 'service',
  needs: 'exec',
  options: [
    {
      name: 'command',
      summary: `exec:'ssh {leader_host} reboot'; {${PLACEHOLDERS.join('}, {')}} are filled in`,
      isFirst: true,
      required: true,
    },
    { name: 'undo', summary: 'a command that takes it back, with the same words filled in' },
  ],

  async check(context) {
    const { target, plan } = context;
    const [placeholder] = Object.values(plan.options).flatMap(placeholdersIn);
    if (target.patroni.length > 0) {
      await checkReady(context, 'exec');
    } else if (placeholder !== undefined) {
      throw new UserError(
        `exec: {${placeholder}} is known from Patroni, and the target has none.`,
        'Add --patroni URL, or write the name itself.',
      );
    }
  },

  inject,
};

async function inject(context: FaultContext): Promise<Injection> {
  const { plan, clock, round, signal } = context;
  const record = notAsked(plan, round);
  let commands: Commands;
  try {
    commands = await commandsOf(context);
  } catch (error) {
    return { record: { ...record, failure: messageOf(error) }, undo: null };
  }
  const { command, undo: back, look } = commands;
  const undo = back === undefined ? null : () => undoBy(back);
  const asked: FaultRecord = {
    ...record,
    etcdLeader: look?.etcdLeader ?? null,
    askedAtMs: clock.nowMs(),
    asked: command,
  };
  let end: CommandEnd;
  try {
    end = await runCommand(command, signal);
  } catch (error) {
    return { record: { ...asked, failure: notStarted(error) }, undo: null };
  }
  const { exitCode, text } = end;
  const answer = exitCode === null ? `ended by ${end.signal}` : `exit code ${exitCode}`;
  const output = { exitCode, text };
  const answered = { ...asked, answeredAtMs: clock.nowMs(), answer, output, failure: commandFailure(end) };
  return { record: answered, undo };
}

interface Commands {
  readonly command: string;
  readonly undo: string | undefined;
  /** Null without Patroni. */
  readonly look: Look | null;
}

/** Both are filled in now: what was done to the leader of now is taken back there, whoever leads then. */
async function commandsOf({ plan, target, access }: FaultContext): Promise<Commands> {
  const { command = '', undo } = plan.options;
  const used = new Set([command, undo ?? ''].flatMap(placeholdersIn));
  const look = target.patroni.length === 0 ? null : await lookIfNeeded(target, access, used.size > 0);
  const scope = look !== null && used.has('scope') ? await scopeOf(look, access.patroni) : null;
  const values = look === null ? {} : valuesOf(look, scope, used);
  return {
    command: fillIn(command, values),
    undo: undo === undefined ? undefined : fillIn(undo, values),
    look,
  };
}

/** A command without placeholders runs even when nobody leads. */
async function lookIfNeeded(target: Target, access: ClusterAccess, isNeeded: boolean): Promise<Look | null> {
  try {
    return await lookAt(target, access);
  } catch (error) {
    if (isNeeded) {
      throw error;
    }
    return null;
  }
}

/** Only later versions tell it with the cluster. */
async function scopeOf({ cluster, leader }: Look, access: HttpAccess): Promise<string | null> {
  return cluster.scope ?? (await getMember(leader.apiUrl, access)).scope;
}

/** So long an undo may take; nobody would wait for one that hangs. */
const UNDO_MS = 120_000;

async function undoBy(command: string): Promise<string> {
  const end = await runCommand(command, AbortSignal.timeout(UNDO_MS));
  const failure = commandFailure(end);
  if (failure !== null) {
    throw new Error(`${command}: ${failure}`);
  }
  return `ran ${command}`;
}
