import { describe, expect, it } from 'vitest';
import { sampleOf } from '../../analysis/sample.fixture.js';
import type { GateOutcome } from '../../result/gate.js';
import { renderTerminal } from '../terminal.js';

const OPTIONS = { columns: 80, color: false, unicode: true };

const passed: GateOutcome = {
  expression: 'lost == 0',
  passed: true,
  measured: 0,
  limit: 0,
  unit: 'count',
  text: '0 of 11,058',
};

const failed: GateOutcome = {
  ...passed,
  expression: 'tps > 1000',
  passed: false,
  text: '550 tps',
  why: 'the shop sells 1000 things a second',
};

const reportOf = (gates: readonly GateOutcome[], options = OPTIONS) =>
  renderTerminal({ ...sampleOf('switchover').result, gates }, options);

describe('gates in the report', () => {
  it('stand right behind the verdict, a line for each, and say why a failed one was asked for', () => {
    const report = reportOf([passed, failed]);
    const sections = report.split('\n\n');
    expect(sections[2]).toBe(
      [
        'Gates  1 of 2 failed',
        '  ✓ lost == 0: 0 of 11,058',
        '  ✗ tps > 1000: 550 tps',
        '    the shop sells 1000 things a second',
      ].join('\n'),
    );
  });

  it('are counted when all passed, and absent without any', () => {
    expect(reportOf([passed])).toContain('\nGates  passed\n');
    expect(reportOf([passed, passed])).toContain('\nGates  all 2 passed\n');
    expect(reportOf([])).not.toContain('Gates');
  });

  it('have no power over the terminal, and fit into it', () => {
    const evil = { ...failed, expression: `errors[\u001b[2J].count < 1`, text: 'x'.repeat(200) };
    const report = reportOf([evil]);
    expect(report).not.toContain('\u001b');
    expect(Math.max(...report.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('are told in ASCII where nothing else is shown', () => {
    const report = reportOf([passed, failed], { ...OPTIONS, unicode: false });
    expect(report).toContain('  + lost == 0: 0 of 11,058\n  x tps > 1000: 550 tps');
  });
});
