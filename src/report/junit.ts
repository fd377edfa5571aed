import type { NamedResult } from '../result/named.js';
import type { Result, RoundAnalysis } from '../result/result.js';
import { formatMillis } from '../units.js';
import type { ReportFormat } from './format.js';
import { verdictOf } from './verdict.js';

/**
 * JUnit XML as Jenkins and GitLab read it: a test suite for each result, and in it a test case for each gate. A result
 * without gates has a case for the run, for each round and for the commits, which fail on what nobody would want.
 */
export const JUNIT: ReportFormat = {
  name: 'junit',
  describe: 'JUnit XML: a test case for each gate, or for the run, its rounds and commits',
  extension: 'xml',
  render: (results) => renderJunit(results),
};

export function renderJunit(results: readonly NamedResult[]): string {
  const suites = results.map(suiteOf);
  const all = suites.flatMap(({ cases }) => cases);
  const timeMs = results.reduce((sum, { result }) => sum + result.run.elapsedMs, 0);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'pgha-bench', ...countsOf(all), time: seconds(timeMs) })}>`,
    ...suites.flatMap(suiteLines),
    '</testsuites>',
  ];
  return `${lines.join('\n')}\n`;
}

interface Suite {
  readonly name: string;
  readonly result: Result;
  readonly cases: readonly Case[];
}

interface Case {
  readonly name: string;
  readonly outcome: 'passed' | 'failure' | 'error' | 'skipped';
  /** What is said of it, whatever became of it. */
  readonly text: string;
}

function suiteOf({ name, result }: NamedResult): Suite {
  const { gates } = result;
  const cases = gates.map(({ expression, passed, measured, text, why }): Case => {
    const failed = measured === null ? 'error' : 'failure';
    return {
      name: expression,
      outcome: passed ? 'passed' : failed,
      text: why === undefined ? text : `${text}\n${why}`,
    };
  });
  return { name, result, cases: gates.length > 0 ? cases : casesWithoutGates(result) };
}

function casesWithoutGates(result: Result): Case[] {
  return [
    runCase(result),
    ...result.analysis.rounds.map((round, index) => roundCase(result, round, index)),
    ...commitCases(result),
  ];
}

function runCase(result: Result): Case {
  const { run, generator } = result;
  const verdict = verdictOf(result)
    .map(({ text, detail }) => `${text}${detail}`)
    .join('; ');
  switch (run.status) {
    case 'broken':
      return { name: 'the run', outcome: 'failure', text: 'The run broke: the target never came back.' };
    case 'interrupted':
      return {
        name: 'the run',
        outcome: 'error',
        text: `The run was interrupted after ${formatMillis(run.elapsedMs)}.`,
      };
    case 'completed':
      return generator.healthy
        ? { name: 'the run', outcome: 'passed', text: verdict }
        : { name: 'the run', outcome: 'error', text: generator.verdict };
  }
}

function roundCase({ faults }: Result, round: RoundAnalysis, index: number): Case {
  const kind = faults[round.fault]?.kind ?? 'fault';
  const name = `round ${index + 1}: ${kind}`;
  if (round.invalid !== null) {
    return { name, outcome: 'skipped', text: round.invalid };
  }
  const told = [
    downtimeText('writes', round.writeDowntime),
    downtimeText('reads', round.readDowntime),
    ...(round.splitBrain === null ? [] : [`split brain for ${formatMillis(round.splitBrain.overlapMs)}`]),
  ].join('; ');
  const isAway = [round.writeDowntime, round.readDowntime].some(
    (downtime) => downtime?.outage && downtime.toMs === null,
  );
  return { name, outcome: isAway || round.splitBrain !== null ? 'failure' : 'passed', text: told };
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

/** None without a ledger: nobody asked. */
function commitCases({ commits }: Result): Case[] {
  if (commits === null) {
    return [];
  }
  const { primary, missing } = commits;
  if (primary === null) {
    return [{ name: 'commits', outcome: 'error', text: missing.join(' ') }];
  }
  const { ackedLost, ackedPresent, ghosts, duplicates, unexpected } = primary;
  const text = `${ackedLost} of ${ackedLost + ackedPresent} acknowledged commits lost; ghosts ${ghosts}, duplicates ${duplicates}, of unknown origin ${unexpected}`;
  const bad = ackedLost + ghosts + duplicates + unexpected > 0;
  return [{ name: 'commits', outcome: bad ? 'failure' : 'passed', text }];
}

function suiteLines({ name, result, cases }: Suite): string[] {
  const head = {
    name,
    ...countsOf(cases),
    time: seconds(result.run.elapsedMs),
    // The schema of Ant and Jenkins knows no zone and no fraction.
    timestamp: result.run.startedAt.replace(/\..*$|Z$/, ''),
  };
  return [
    `  <testsuite${attributes(head)}>`,
    ...cases.flatMap((each) => caseLines(each, name)),
    '  </testsuite>',
  ];
}

/** GitLab shows `classname` as the suite, and the text of a failure, not its message. */
function caseLines({ name, outcome, text }: Case, suite: string): string[] {
  const head = `    <testcase${attributes({ classname: suite, name, time: '0' })}>`;
  if (outcome === 'passed') {
    return [head, `      <system-out>${escapeXml(text)}</system-out>`, '    </testcase>'];
  }
  const [message = ''] = text.split('\n');
  const type = outcome === 'error' ? { type: 'not measured' } : { type: 'gate' };
  const inner =
    outcome === 'skipped'
      ? `<skipped${attributes({ message })}>${escapeXml(text)}</skipped>`
      : `<${outcome}${attributes({ message, ...type })}>${escapeXml(text)}</${outcome}>`;
  return [head, `      ${inner}`, '    </testcase>'];
}

function countsOf(cases: readonly Case[]): Record<string, string> {
  const count = (outcome: Case['outcome']) => String(cases.filter((each) => each.outcome === outcome).length);
  return {
    tests: String(cases.length),
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  };
}

function seconds(millis: number): string {
  return (millis / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value.replaceAll(/\s+/g, ' '))}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** What XML 1.0 cannot hold in any form, halves of surrogate pairs among it, is shown as the sign for that. */
const IMPOSSIBLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

export function escapeXml(text: string): string {
  return text.replaceAll(IMPOSSIBLE, '\ufffd').replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
