import { isMissing } from '../gates/metric.js';
import { noted, validRounds } from '../gates/rounds.js';
import type { CommitAudit } from '../result/commits.js';
import type { Result, RoundAnalysis } from '../result/result.js';
import { formatMillis } from '../units.js';
import { sentenceCase } from './html/words.js';
import { nothingWentThrough, problemOf } from './problem.js';
import { faultName } from './terminal/fault.js';
import { nodeOf } from './terminal/nodes.js';
import { counted } from './terminal/text.js';
import { verdictOf } from './verdict.js';

/** A test case; what it says of names and messages is as the target said it, and has to be escaped. */
export interface Case {
  readonly name: string;
  /** `error`: it could not be told; `skipped`: it tells nothing, and nobody is to blame. */
  readonly outcome: 'passed' | 'failure' | 'error' | 'skipped';
  /** What is said of it, whatever became of it; its first line is the message. */
  readonly text: string;
}

/**
 * A case for each gate. A result without gates has cases for the run, for each round and what had to be undone, and for
 * the commits, which fail on what nobody would want. A run in which the scripts are wrong fails with gates, too.
 */
export function casesOf(result: Result): readonly Case[] {
  if (result.gates.length === 0) {
    return casesWithoutGates(result);
  }
  return [...(problemOf(result) === null ? [] : [runCase(result)]), ...gateCases(result)];
}

function gateCases({ gates }: Result): Case[] {
  return gates.map(({ expression, passed, measured, text, why }) => {
    const failed = measured === null ? 'error' : 'failure';
    return {
      name: expression,
      outcome: passed ? 'passed' : failed,
      text: why === undefined ? text : `${text}\n${why}`,
    };
  });
}

function casesWithoutGates(result: Result): Case[] {
  return [
    runCase(result),
    ...result.analysis.rounds.map((round, index) => roundCase(result, round, index)),
    ...undoCases(result),
    ...commitCases(result),
  ];
}

function runCase(result: Result): Case {
  const { run } = result;
  const name = 'the run';
  switch (run.status) {
    case 'broken':
      return { name, outcome: 'failure', text: 'The run broke: the target never came back.' };
    case 'interrupted':
      return {
        name,
        outcome: 'error',
        text: `The run was interrupted after ${formatMillis(run.elapsedMs)}.`,
      };
    case 'completed':
      return { name, ...completed(result) };
  }
}

function completed(result: Result): Pick<Case, 'outcome' | 'text'> {
  const { generator } = result;
  const problem = problemOf(result);
  if (problem !== null) {
    return { outcome: 'failure', text: sentenceCase(problem) };
  }
  if (nothingWentThrough(result)) {
    return { outcome: 'error', text: 'No transaction was acknowledged, so that nothing was measured.' };
  }
  if (!generator.healthy) {
    return { outcome: 'error', text: generator.verdict };
  }
  const verdict = verdictOf(result).map(({ text, detail }) => `${text}${detail}`);
  return { outcome: 'passed', text: verdict.join('; ') };
}

function roundCase(result: Result, round: RoundAnalysis, index: number): Case {
  const kind = result.faults[round.fault]?.kind ?? 'fault';
  const name = `round ${index + 1}: ${kind}`;
  const { invalid, writeDowntime, readDowntime, splitBrain } = round;
  if (invalid !== null) {
    return { name, outcome: 'skipped', text: invalid };
  }
  const text = [
    writeDowntime === null ? notMeasured(result, round) : downtimeText('writes', writeDowntime),
    downtimeText('reads', readDowntime),
    ...(splitBrain === null ? [] : [`split brain for ${formatMillis(splitBrain.overlapMs)}`]),
  ].join('; ');
  const isAway = [writeDowntime, readDowntime].some((downtime) => downtime?.outage && downtime.toMs === null);
  if (isAway || splitBrain !== null) {
    return { name, outcome: 'failure', text };
  }
  return { name, outcome: writeDowntime === null ? 'error' : 'passed', text };
}

/** With the reason, where the notes of the result have it. */
function notMeasured(result: Result, round: RoundAnalysis): string {
  const what = 'write downtime was not measured';
  const valid = validRounds(result, null);
  const told = isMissing(valid) ? undefined : valid.rounds.find((each) => each.round === round);
  const why = told === undefined ? what : noted(result, told, what);
  return why === what ? what : `${what}: ${why}`;
}

function downtimeText(what: string, downtime: RoundAnalysis['writeDowntime']): string {
  if (downtime === null) {
    return `downtime of ${what} not measured`;
  }
  if (!downtime.outage) {
    return `no outage of ${what} seen`;
  }
  const open = downtime.toMs === null ? ', and they never came back' : '';
  return `no ${what} for ${formatMillis(downtime.durationMs)}${open}`;
}

/** Whatever was disturbed: what is left behind is in the way of the next run. */
function undoCases({ faults }: Result): Case[] {
  return faults.flatMap((fault): Case[] => {
    const { round, undone, undoFailure } = fault;
    const name = `round ${round}: undo of ${faultName(fault)}`;
    if (undoFailure !== null) {
      return [{ name, outcome: 'failure', text: undoFailure }];
    }
    return undone === null ? [] : [{ name, outcome: 'passed', text: undone }];
  });
}

/** None without a ledger: nobody asked. */
function commitCases(result: Result): Case[] {
  const { commits } = result;
  return commits === null
    ? []
    : [lossCase(commits), ...invariantCases(commits), ...replicaCases(result, commits)];
}

function lossCase({ primary, missing }: CommitAudit): Case {
  if (primary === null) {
    return { name: 'commits', outcome: 'error', text: missing.join(' ') };
  }
  const { ackedLost, ackedPresent, ghosts, duplicates, unexpected } = primary;
  const text = `${ackedLost} of ${ackedLost + ackedPresent} acknowledged commits lost; ghosts ${ghosts}, duplicates ${duplicates}, of unknown origin ${unexpected}`;
  const bad = ackedLost + ghosts + duplicates + unexpected > 0;
  return { name: 'commits', outcome: bad ? 'failure' : 'passed', text: [text, ...missing].join('\n') };
}

function invariantCases({ invariants }: CommitAudit): Case[] {
  return invariants.map(({ name, holds, found }) => ({
    name: `invariant: ${name}`,
    outcome: holds ? 'passed' : 'failure',
    text: `found ${found}`,
  }));
}

function replicaCases(result: Result, { replicas, primary }: CommitAudit): Case[] {
  return replicas.map(({ server, same, ackedLost }) => {
    const fewer = ackedLost - (primary?.ackedLost ?? 0);
    const what = fewer > 0 ? `, ${counted(fewer, 'acknowledged commit')} fewer` : '';
    return {
      name: `replica ${nodeOf(server, result)}`,
      outcome: same ? 'passed' : 'failure',
      text: same ? 'holds what the primary holds' : `does not hold what the primary holds${what}`,
    };
  });
}
