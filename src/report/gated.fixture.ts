import { sampleOf } from '../analysis/sample.fixture.js';
import type { GateOutcome } from '../result/gate.js';
import type { NamedResult } from '../result/named.js';
import type { Result } from '../result/result.js';

/** A gate that passed, one that failed, and one that was not measured. */
export const OUTCOMES: readonly GateOutcome[] = [
  {
    expression: 'write_downtime.max < 10s',
    passed: true,
    measured: 5175.159,
    limit: 10_000,
    unit: 'ms',
    text: '5.18 s',
  },
  {
    expression: 'tps@after >= 105% of before',
    passed: false,
    measured: 1595,
    limit: 1673,
    unit: 'tps',
    text: '1,595 tps, 100.1 % of 1,594 tps before',
    why: 'sold so',
  },
  {
    expression: 'lost == 0',
    passed: false,
    measured: null,
    limit: 0,
    unit: 'count',
    text: 'not measured: commits were not audited (--ledger off)',
  },
];

export function named(name: string, part: Partial<Result> = {}): NamedResult {
  return { name, directory: null, result: { ...sampleOf('switchover').result, ...part } };
}

/** Every attempt failed at what the script says; a gate held all the same. */
export function wrongScript(gates: readonly GateOutcome[] = []): NamedResult {
  const { totals, errors } = sampleOf('switchover').result;
  const [first] = errors;
  if (first === undefined) {
    throw new Error('the sample has no errors');
  }
  return named('wrong', {
    gates,
    totals: { ...totals, outcomes: { ...totals.outcomes, ack: 0, ack_unreplicated: 0 } },
    errors: [{ ...first, code: '42P01', message: 'no table', script: 'mine.sql' }],
  });
}

/** What a server, a label or a file of gates may say that is more than text to somebody. */
export const HOSTILE = [
  '<script>alert(1)</script>',
  ']]> & "quoted" \'too\' &amp;',
  'a | b `c` [d](https://evil.example) ![e](x) *f* _g_ ~h~ <!-- i',
  '::error title=x::y\n::set-output name=a::b',
  '##[error]z %0A %25 \r\n::stop-commands::t',
  'bell\u0007 esc\u001b[2J nul\u0000 lone\ud800 \ufffe rtl\u202e',
  '# head\n- list\n1. one\n> quote\n=== \n|---|',
  '@everyone www.evil.example $x$ :smile:',
  '\\" \\n {run="x"}',
];

export function hostile(text: string): NamedResult {
  const gates = OUTCOMES.map((outcome) => ({ ...outcome, text, expression: text, why: text }));
  const base = sampleOf('switchover').result;
  return named(text, {
    gates,
    plan: { ...base.plan, label: text, workload: { ...base.plan.workload, name: text } },
  });
}
