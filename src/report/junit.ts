import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';
import type { ReportFormat } from './format.js';
import { type Case, casesOf } from './junit-cases.js';

/** JUnit XML as Jenkins and GitLab read it: a test suite for each result, with cases of it. */
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

function suiteOf({ name, result }: NamedResult): Suite {
  return { name, result, cases: casesOf(result) };
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
