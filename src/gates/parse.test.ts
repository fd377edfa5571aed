import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { OPERATORS, PHASES, printGate } from './expression.js';
import { METRICS, metricOf } from './metrics.js';
import { parseGate } from './parse.js';
import { PARTS } from './parts.js';

/** What a mistake is told. */
function complaintOf(text: string): string {
  try {
    parseGate(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  throw new Error(`'${text}' was understood`);
}

describe('a gate', () => {
  it.each([
    [
      'write_downtime.p95 < 10s',
      { metric: 'write_downtime', statistic: 'p95' },
      { operator: '<', value: 10_000 },
    ],
    ['read_downtime.max == 0s', { metric: 'read_downtime', statistic: 'max' }, { operator: '==', value: 0 }],
    ['lost == 0', { metric: 'lost', statistic: null }, { operator: '==', value: 0 }],
    ['indoubt < 10', { metric: 'indoubt' }, { operator: '<', value: 10 }],
    ['latency.p99@before < 50ms', { statistic: 'p99', phase: 'before' }, { operator: '<', value: 50_000 }],
    ['latency.max@during < 30s', { statistic: 'max', phase: 'during' }, { operator: '<', value: 30_000_000 }],
    ['latency.p99.9 <= 1.5ms', { statistic: 'p99.9', phase: null }, { operator: '<=', value: 1500 }],
    [
      'tps@after >= 95% of before',
      { metric: 'tps', phase: 'after' },
      { kind: 'share', percent: 95, of: 'before' },
    ],
    ['recovery.p90 < 1m30s', { metric: 'recovery' }, { operator: '<', value: 90_000 }],
    ['errors[25006].count == 0', { metric: 'errors', part: '25006', statistic: 'count' }, { value: 0 }],
    ['splitbrain == 0ms', { metric: 'splitbrain', statistic: null }, { value: 0 }],
    ['tps >= 95% of baseline', { metric: 'tps' }, { operator: '>=', percent: 95, of: 'baseline' }],
    ['write_downtime.median not worse', { statistic: 'median' }, { kind: 'not_worse' }],
    ['write_downtime[kill-node].max<9 s', { part: 'kill-node' }, { operator: '<', value: 9000 }],
    ['failed@before != 0.1 %', { metric: 'failed', phase: 'before' }, { operator: '!=', value: 0.1 }],
    ['lost_wal <= 16MB', { metric: 'lost_wal' }, { value: 16 * 1024 ** 2 }],
    ['latency.avg > 1us', { statistic: 'mean' }, { operator: '>', value: 1 }],
    ['write_downtime.p50 < 1h', { statistic: 'median' }, { value: 3_600_000 }],
  ])('%s', (text, figure, condition) => {
    expect(parseGate(text)).toMatchObject({ figure, condition });
  });

  it.each([
    ...['XX000', 'XX001', '3D000', '0A000', '2F003', '2F002', 'HV00B', 'F0000', 'P0001', '57P01', '40001'],
    ...['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ...['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'EAI_AGAIN', 'connect_closed'],
  ])('takes the code %s', (code) => {
    expect(parseGate(`errors[${code}] == 0`).figure.part).toBe(code);
  });

  it('keeps its words, on one line', () => {
    expect(parseGate('  lost \n ==\t0 ').expression).toBe('lost == 0');
  });

  it('is the same when printed and parsed again', () => {
    fc.assert(
      fc.property(gates(), (text) => {
        const { figure, condition } = parseGate(text);
        const printed = printGate({ figure, condition }, metricOf(figure).unit);
        expect(parseGate(printed)).toMatchObject({ figure, condition });
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is no gate', () => {
  it('is told, with a caret under the place', () => {
    expect(complaintOf('lost < 10s')).toBe(
      "lost: expected a number such as 0 or 10, found '10s'.\n  lost < 10s\n         ^",
    );
  });

  it.each([
    ['write_downtim.p95 < 10s', "Did you mean 'write_downtime'?", 0],
    ['write_downtime.max < 10', "expected a duration such as 10s, 500ms or 1m30s, found '10'", 21],
    ['write_downtime.p98 < 1s', 'It has min, median, mean, p90, p95, p99, max.', 15],
    ['latency < 3s', 'latency.p99', 7],
    ['lost.p95 == 0', "leave '.p95' out", 5],
    ['tps@befor > 1', "Did you mean 'before'?", 4],
    ['write_downtime.max@after < 1s', "leave '@after' out", 18],
    ['tps >= 95 of before', "such as 95% in front of 'of', found '95'", 7],
    ['tps >= 95% of basline', "Did you mean 'baseline'?", 14],
    ['lost >= 95% of before', 'lost is not told by phase', 15],
    ['tps@before >= 95% of before', 'compared with itself', 21],
    ['tps = 3', "Did you mean '=='?", 4],
    ['tps not worse', "'tps >= 95% of baseline'", 4],
    ['write_downtime.p95 not worse', "write 'write_downtime.median not worse'", 19],
    ['errors[2500] == 0', "found '2500'", 7],
    ['errors[57p01] == 0', "found '57p01'", 7],
    ['errors[CLOSE] == 0', "found 'CLOSE'", 7],
    ['errors[CERT_HAS_EXPIERD] == 0', "Did you mean 'CERT_HAS_EXPIRED'?", 7],
    ['errors[closd] == 0', "Did you mean 'closed'?", 7],
    ['errors[25006 == 0', "Expected ']'", 17],
    ['lost[x] == 0', "leave '[x]' out", 4],
    ['latency[wr].p99 < 1s', 'such as rw or ro', 8],
    ['tps[rw]@after > 1', "leave '@after' or '[rw]' out", 7],
    ['write_downtime[kill-nod].max < 1s', "Did you mean 'kill-node'?", 15],
    ['tps >= 1 2', "Expected the end of the condition, found '2'", 9],
    ['tps >=', 'found nothing', 6],
    ['tps', 'found nothing', 3],
    ['failed < 1', 'a share in percent such as 0.1%', 9],
    ['lost == -1', "found '-1'", 8],
    ['recovery < 30s1m', "found '30s1m'", 11],
    ['recovery < 1e999s', "found '1e999s'", 11],
    ['errors[toString] == 0', "found 'toString'", 7],
    ['tps.constructor > 0', "leave '.constructor' out", 4],
  ])('%s', (text, problem, at) => {
    const [sentence = '', excerpt, caret] = complaintOf(text).split('\n');
    expect(sentence).toContain(problem);
    expect(excerpt).toBe(`  ${text}`.trimEnd());
    expect(caret).toBe(`  ${' '.repeat(at)}^`);
  });

  it('throws nothing but a UserError, whatever was typed', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), pieces());
    fc.assert(
      fc.property(anything, (text) => {
        try {
          parseGate(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          const lines = (error as UserError).message.split('\n');
          expect([1, 3]).toContain(lines.length);
          expect(lines.length === 1 || /^ {2,}\^$/.test(lines[2] ?? '')).toBe(true);
          expect([...(lines[1] ?? '')].length).toBeLessThanOrEqual(78);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('is told in one line where there is nothing to point at', () => {
    expect(complaintOf(' \n')).toBe(
      "Expected a metric, as in 'write_downtime.p95 < 10s'; found nothing. 'pgha-bench gate --list' names them all.",
    );
  });

  it('shows the part of a long one that is wrong', () => {
    const [, excerpt = '', caret = ''] = complaintOf(`lost ${' '.repeat(200)}~= 0`).split('\n');
    expect(excerpt[caret.indexOf('^')]).toBe('~');
    expect(excerpt.length).toBeLessThanOrEqual(78);
  });
});

/** Every gate that there can be. */
function gates(): fc.Arbitrary<string> {
  return fc.constantFrom(...METRICS).chain((metric) => {
    const parts = { code: ['25006', 'closed'], port: ['rw', 'ro'], fault: PARTS.fault.known };
    const part = metric.part === null ? [''] : ['', ...parts[metric.part].map((each) => `[${each}]`)];
    const statistics = metric.statistics.map((each) => `.${each}`);
    const phases = metric.phases ? ['', ...PHASES.map((each) => `@${each}`)] : [''];
    return fc
      .record({
        part: fc.constantFrom(...part),
        statistic: fc.constantFrom(
          ...statistics,
          ...(metric.usual === null && statistics.length > 0 ? [] : ['']),
        ),
        phase: fc.constantFrom(...phases),
        operator: fc.constantFrom(...OPERATORS),
        number: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true })),
        of: fc.constantFrom('before', 'baseline', 'not worse', 'value'),
      })
      .map(({ part, statistic, phase, operator, number, of }) => {
        const figure = `${metric.name}${part}${statistic}${part === '' ? phase : ''}`;
        const whole = part === '' && metric.phases && phase !== '@before';
        if (of === 'not worse' && metric.perRound !== null && ['', '.median'].includes(statistic)) {
          return `${figure} not  worse`;
        }
        if (of === 'baseline' || (of === 'before' && whole)) {
          return `${figure} ${operator} ${plainNumber(number)}% of ${of}`;
        }
        return `${figure}${operator}${plainNumber(number)}${UNITS[metric.unit]}`;
      });
  });
}

const UNITS = { ms: 's', us: 'us', tps: '', count: '', percent: '%', bytes: 'kB' } as const;

function plainNumber(value: number): string {
  return value < 1e-6 ? value.toFixed(9) : String(value);
}

/** Near to gates: what a grammar stumbles over. */
function pieces(): fc.Arbitrary<string> {
  const words = [
    'tps',
    'latency',
    '.',
    'p99',
    '[',
    ']',
    '@',
    'before',
    '<',
    '>=',
    '95',
    '%',
    'of',
    'not',
    'worse',
  ];
  return fc
    .array(fc.constantFrom(...words, ' ', '10s', 'baseline', 'errors', '\n', 'µ', '🙂'))
    .map((all) => all.join(''));
}
