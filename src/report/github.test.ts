import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { HOSTILE, hostile, named, OUTCOMES, wrongScript } from './gated.fixture.js';
import { renderAnnotations } from './github-annotations.js';
import { renderSummary } from './github-summary.js';

/** What the runner makes of a line of a step's output; undefined for one that is no command to it. */
function commandIn(line: string): { kind: string; title: string; message: string } | undefined {
  const [, kind = '', title = '', message = ''] = /^::(\w+)(?: title=([^:,]*))?::(.*)$/.exec(line) ?? [];
  const data = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const property = (text: string) => data(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
  return kind === '' ? undefined : { kind, title: property(title), message: data(message) };
}

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

describe('annotations of GitHub', () => {
  it('are an error for each gate that failed', () => {
    const commands = linesOf(renderAnnotations([named('demo', { gates: OUTCOMES })])).map(commandIn);
    expect(commands).toEqual([
      {
        kind: 'error',
        title: 'Gate failed: tps@after >= 105% of before',
        message: 'demo: 1,595 tps, 100.1 % of 1,594 tps before (sold so)',
      },
      {
        kind: 'error',
        title: 'Gate failed: lost == 0',
        message: 'demo: not measured: commits were not audited (--ledger off)',
      },
    ]);
  });

  it('are a notice where all is well', () => {
    const [first] = OUTCOMES;
    const [notice, ...more] = linesOf(
      renderAnnotations([named('demo', { gates: first === undefined ? [] : [first] })]),
    ).map(commandIn);
    expect(more).toEqual([]);
    expect(notice).toMatchObject({ kind: 'notice', title: 'pgha-bench: the gate passed' });
    expect(notice?.message).toMatch(/^demo: no writes for 5\.18 s; .* tps$/);
  });

  it('are an error for a run that did not end well, with gates or without', () => {
    const { result } = sampleOf('interrupted');
    const [error] = linesOf(renderAnnotations([{ name: 'x', directory: null, result }])).map(commandIn);
    expect(error).toMatchObject({ kind: 'error', title: 'The run was interrupted' });
  });

  it('are an error where nothing went through, whatever the gates say', () => {
    const wrong = 'wrong: no transaction went through: no table (42P01). Mend mine.sql.';
    for (const gates of [[], OUTCOMES.slice(0, 1)]) {
      const commands = linesOf(renderAnnotations([wrongScript(gates)])).map(commandIn);
      expect(commands).toEqual([{ kind: 'error', title: 'Nothing went through', message: wrong }]);
    }
    const { result } = sampleOf('nothing acknowledged');
    const [error] = linesOf(renderAnnotations([{ name: 'x', directory: null, result }])).map(commandIn);
    expect(error).toMatchObject({ kind: 'error', message: 'x: no transaction was acknowledged' });
  });

  it('are no more than GitHub shows, and say how many more there are', () => {
    const gates = Array.from({ length: 12 }, () => OUTCOMES[2] ?? OUTCOMES[0]).flatMap((each) => each ?? []);
    const commands = linesOf(renderAnnotations([named('demo', { gates })])).map(commandIn);
    expect(commands).toHaveLength(10);
    expect(commands.at(-1)).toMatchObject({ kind: 'error', message: '3 more: see the report.' });
  });

  it.each(HOSTILE)('are no other commands, whatever is in them: %j', (text) => {
    const lines = linesOf(renderAnnotations([hostile(text)]));
    expect(lines).toHaveLength(2);
    expect(lines.map((line) => commandIn(line)?.kind)).toEqual(['error', 'error']);
    expect(lines.join('')).not.toMatch(/\p{C}/u);
    const shown = commandIn(lines[0] ?? '')?.message ?? '';
    expect(shown).not.toMatch(/[\r\n]/);
  });
});

describe('the summary for GitHub', () => {
  it('has the gates in a table, and says why one failed', () => {
    const summary = renderSummary([named('demo', { gates: OUTCOMES })]);
    expect(summary).toMatch(/^### demo: 2 of 3 gates failed\n/);
    const rows = summary.split('\n').filter((line) => /^\| [✅❌]/u.test(line));
    expect(rows.map((row) => row.split('|').length)).toEqual([6, 6, 6]);
    expect(rows[0]).toContain('| 5.18 s |  |');
    expect(rows[1]).toContain('1,595 tps, 100.1 % of 1,594 tps before<br>sold so');
    expect(rows[2]).toContain('| – | not measured');
    expect(summary).toContain('<summary>Figures</summary>');
    expect(summary).toContain('| `write_downtime.max` | 5.18 s |');
  });

  it('says what came of the run without gates, too', () => {
    const summary = renderSummary([{ name: 'x', directory: null, result: sampleOf('interrupted').result }]);
    expect(summary).toMatch(/^### x: interrupted\n/);
    expect(summary).not.toContain('| gate |');
  });

  it.each(HOSTILE)('has text for text, whatever is in it: %j', (text) => {
    const summary = renderSummary([hostile(text)]);
    const plainSummary = renderSummary([hostile('text')]);
    // Not a line, a cell or a tag more than with a harmless text; in code nothing is more than text.
    const markup = (all: string) => all.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, 'code').replaceAll(/\\./g, '');
    expect(summary.split('\n')).toHaveLength(plainSummary.split('\n').length);
    const cells = (all: string) =>
      markup(all)
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) => line.split('|').length);
    expect(cells(summary)).toEqual(cells(plainSummary));
    expect(markup(summary).match(/<[^>]*>/g)).toEqual(markup(plainSummary).match(/<[^>]*>/g));
    expect(markup(summary)).not.toMatch(/https?:|www\.|@everyone|\]\(|!\[/);
  });
});
