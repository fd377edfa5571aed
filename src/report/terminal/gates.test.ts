import { describe, expect, it } from 'vitest';
import { HOSTILE, OUTCOMES } from '../gated.fixture.js';
import { gateLines } from './gates.js';
import { styleOf } from './text.js';
import { widthOf } from './width.js';

const style = styleOf({ columns: 80, color: false, unicode: true });

describe('gates in the terminal', () => {
  it('have a line each, and under one that failed what is to be said', () => {
    expect(gateLines(OUTCOMES, style).join('\n')).toBe(
      `Gates  2 of 3 failed
  ✓ write_downtime.max < 10s     5.18 s
  ✗ tps@after >= 105% of before  1,595 tps, 100.1 % of 1,594 tps before
      sold so
  ✗ lost == 0                    –
      not measured: commits were not audited (--ledger off)`,
    );
  });

  it('are nothing without any, and counted where all passed', () => {
    expect(gateLines([], style)).toEqual([]);
    expect(gateLines(OUTCOMES.slice(0, 1), style)[0]).toBe('Gates  passed');
  });

  it('are ASCII where the terminal shows no more', () => {
    const ascii = styleOf({ columns: 80, color: false, unicode: false });
    expect(gateLines(OUTCOMES, ascii).join('\n')).toMatch(/^[ -~\n]*$/);
  });

  it.each([...HOSTILE, 'x'.repeat(300), 'word '.repeat(60).trim(), '界'.repeat(90)])(
    'fit into their columns, and keep the cursor where it is: %j',
    (text) => {
      for (const columns of [80, 100]) {
        const gates = OUTCOMES.map((outcome) => ({ ...outcome, expression: text, text, why: text }));
        const lines = gateLines(gates, styleOf({ columns, color: false, unicode: true }));
        for (const line of lines.join('\n').split('\n')) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(/\p{C}/u);
        }
      }
    },
  );
});
