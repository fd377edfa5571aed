import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import type { Result } from '../result/result.js';
import { code, markdownTable, prose } from './markdown/escape.js';
import { renderMarkdown } from './markdown.js';
import { roundSample } from './round-samples.fixture.js';

const HOSTILE =
  '</td><script>x</script> | `a` ``b`` [c](http://d) ![e](f) @everyone #1 **g** \\| \n# h \u001b[2J';

function report(result: Result, name = 'mine'): string {
  return renderMarkdown([{ name, directory: null, result }]);
}

/** Cells of a row: a bar with a backslash in front is text. */
function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function section(text: string, title: string): string[] {
  const lines = text.split('\n');
  const from = lines.indexOf(`### ${title}`);
  const to = lines.findIndex((line, index) => index > from && /^##/.test(line));
  return from < 0 ? [] : lines.slice(from + 2, to < 0 ? undefined : to).filter((line) => line !== '');
}

describe('code', () => {
  it('is one span whatever is in it', () => {
    expect(code('n1')).toBe('`n1`');
    expect(code('a `b` c')).toBe('``a `b` c``');
    expect(code('`')).toBe('`` ` ``');
    expect(code(' \u001b[2J ')).toBe('–');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('`', 'a', ' ', '|', '\\', '\n') }), (text) => {
        const span = code(text);
        const [fence = ''] = /^`+/.exec(span) ?? [];
        if (span !== '–') {
          expect(span.endsWith(fence)).toBe(true);
          // Nothing within ends the span: no run of as many backticks.
          const inner = span.slice(fence.length, -fence.length);
          expect([...inner.matchAll(/`+/g)].map(([run]) => run.length)).not.toContain(fence.length);
          expect(span).not.toContain('\n');
        }
      }),
    );
  });
});

describe('prose', () => {
  it('has no markup, calls nobody and links nowhere', () => {
    expect(prose('5.18 s (median)')).toBe('5.18 s (median)');
    expect(prose('1. a')).toBe('1\\. a');
    expect(prose('- a')).toBe('\\- a');
    expect(prose('<b>*x*</b> [y](z)')).toBe('\\<b\\>\\*x\\*\\</b\\> \\[y\\](z)');
    expect(prose('@all #12')).toBe('@\u200ball #\u200b12');
    expect(prose('see https://x.y and www.z')).toBe('see h\u200bttps://x.y and w\u200bww.z');
    expect(prose('a\n\n# b')).toBe('a # b');
  });
});

describe('markdownTable', () => {
  it('has as many cells as columns, whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('|', '\\', 'a', '`') }), { minLength: 1 }),
        (texts) => {
          for (const escaped of [code, prose]) {
            const [head = ''] = markdownTable(
              [texts.map(escaped)],
              texts.map(() => 'left'),
            );
            expect(cellsOf(head)).toHaveLength(texts.length);
            expect(head).not.toMatch(/\\\\\|/);
          }
        },
      ),
    );
  });
});

describe('renderMarkdown', () => {
  it('says what came of it first, then rounds, load, commits, errors and notes', () => {
    const text = report(roundSample('a crash that lost commits'));
    expect(text).toContain(
      '**no writes for 5.18 s** · **no outage of reads seen** · **3 of 41,212 acknowledged commits LOST**\n',
    );
    expect(text.match(/^##+ .*/gm)).toEqual([
      '## `mine`',
      '### Rounds',
      '### Throughput and response time',
      '### Commits',
      '### Errors',
    ]);
    expect(section(text, 'Rounds').map(cellsOf)[2]).toEqual([
      '1',
      '`kill-node n1`',
      '20.003 s',
      '5.18 s',
      '–',
      '5.90 s',
      'unpredicted, stalled',
    ]);
    expect(section(text, 'Commits')).toContain('| acknowledged and **lost** | 3 |');
    expect(section(text, 'Commits')).toContain('- 3 lost commits acknowledged by `n1`');
    const phases = section(text, 'Throughput and response time')
      .slice(2)
      .map((line) => cellsOf(line)[0]);
    expect(phases).toEqual(['before', 'during', 'after', 'whole run']);
  });

  it('names why a round is invalid, and the notes', () => {
    const text = report({ ...roundSample('six rounds'), notes: ['The probe of ro was late.'] });
    expect(section(text, 'Rounds')).toHaveLength(8);
    expect(text).toContain('invalid: n3 was restarted by something else 2.1 s after the fault |');
    expect(section(text, 'Notes')).toEqual(['- The probe of ro was late.']);
    expect(text).toContain('**no writes for 5.18 s** (median, max 5.30 s)');
  });

  it('says what was not looked for', () => {
    expect(section(report(sampleOf('switchover').result), 'Commits')).toEqual([
      'Not audited (`--ledger off`): lost ones would not be seen.',
    ]);
    expect(section(report(roundSample('commits that could not be audited')), 'Commits')[0]).toContain(
      'is not known',
    );
    expect(report(sampleOf('no fault').result)).not.toContain('Commits');
  });

  it('shows gates', () => {
    const gate = { measured: 5180, limit: 3000, unit: 'ms' as const, text: 'It was 5.18 s.' };
    const gates = [
      { ...gate, expression: 'write_downtime.max < 3s', passed: false },
      { ...gate, expression: 'lost == 0', passed: true },
    ];
    expect(section(report({ ...sampleOf('switchover').result, gates }), 'Gates').slice(2)).toEqual([
      '| **FAILED** | `write_downtime.max < 3s` | It was 5.18 s. |',
      '| passed | `lost == 0` | It was 5.18 s. |',
    ]);
  });

  it('puts several side by side', () => {
    const results = [sampleOf('switchover').result, roundSample('six rounds')];
    const text = renderMarkdown(
      results.map((result, index) => ({ name: `r${index}`, directory: null, result })),
    );
    const lines = text.split('\n');
    expect(lines[0]).toBe('## Side by side');
    expect(cellsOf(lines[2] ?? '')).toEqual(['', '`r0`', '`r1`']);
    expect(text).toContain('| write downtime | 5.18 s | 5.18 s (median) |');
    expect(text).toContain('| rounds | – | 6, 1 invalid |');
    expect(text.match(/^## /gm)).toHaveLength(3);
  });

  it('lets nothing of the target or the user be markup', () => {
    const base = sampleOf('switchover').result;
    const [error] = base.errors;
    const [fault] = base.faults;
    const result = {
      ...base,
      plan: {
        ...base.plan,
        label: HOSTILE,
        tags: { [HOSTILE]: HOSTILE },
        workload: { ...base.plan.workload, name: HOSTILE },
      },
      errors: [{ ...error, code: HOSTILE, message: HOSTILE }] as Result['errors'],
      faults: [{ ...fault, kind: HOSTILE, subject: HOSTILE }] as Result['faults'],
      notes: [HOSTILE],
      gates: [{ expression: HOSTILE, passed: false, measured: null, limit: null, unit: 'ms', text: HOSTILE }],
    } satisfies Result;
    const text = renderMarkdown([
      { name: HOSTILE, directory: null, result },
      { name: 'other', directory: null, result },
    ]);
    expect(
      text
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) => cellsOf(line).length),
    ).toEqual(
      renderMarkdown([
        { name: 'a', directory: null, result: { ...result, ...tame(result) } },
        { name: 'b', directory: null, result: { ...result, ...tame(result) } },
      ])
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) => cellsOf(line).length),
    );
    // Without the spans of code, in which nothing is markup, nothing of it is left that is.
    const outside = text.replaceAll(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
    expect(outside).not.toContain('\u001b');
    expect(outside).not.toMatch(/(?<!\\)[<[`]|[@#](?=\w)|https?:/);
  });
});

/** The same shape with names that are nothing special. */
function tame(result: Result): Partial<Result> {
  return {
    plan: { ...result.plan, label: 'l', tags: { a: 'b' }, workload: { ...result.plan.workload, name: 'w' } },
    errors: result.errors.map((error) => ({ ...error, code: 'c', message: 'm' })),
    faults: result.faults.map((fault) => ({ ...fault, kind: 'k', subject: 's' })),
    notes: ['n'],
    gates: result.gates.map((gate) => ({ ...gate, expression: 'e', text: 't' })),
  };
}
