import { describe, expect, it } from 'vitest';
import { compilePrograms } from './compile.js';
import { loadWorkload } from './compose.js';
import { runOptions } from './options.js';
import type { Program } from './program.js';
import { type StatementCount, statementCount } from './statement-count.js';

const CONTEXT = { options: { scale: 1 }, variables: {}, protocol: 'prepared', seed: 1 } as const;

async function countOf(text: string, ledger: 'history' | 'insert' | 'off' = 'off'): Promise<StatementCount> {
  const source = { kind: 'text', text } as const;
  const [program] = await compilePrograms([{ name: 'mine', source, route: 'rw' }], { ...CONTEXT, ledger });
  return statementCount(program as Program);
}

async function countOfBuiltIn(name: string): Promise<StatementCount> {
  const part = await loadWorkload(name);
  const options = runOptions({ name, parts: [{ ...part, weight: 1 }] }, {});
  const [script] = part.workload.scripts;
  const source =
    script !== undefined && 'event' in script
      ? ({ kind: 'event', groups: script.event } as const)
      : ({ kind: 'text', text: script !== undefined && 'text' in script ? script.text : '' } as const);
  const [program] = await compilePrograms([{ name, source }], { ...CONTEXT, options });
  return statementCount(program as Program);
}

describe('the statements of a transaction', () => {
  it.each([
    ['tpcb', 7],
    ['select-only', 1],
    ['oltp_point_select', 1],
    ['oltp_read_write', 20],
  ])('of %s are %i', async (name, count) => {
    expect(await countOfBuiltIn(name)).toEqual({ count });
  });

  it('are those that are sent, whatever is computed, stored or waited for between them', async () => {
    expect(await countOf('\\set a 1\nSELECT :a AS b \\gset\n\\sleep 1 ms\nSELECT :b;\n')).toEqual({
      count: 2,
    });
  });

  it('hold what a ledger adds', async () => {
    const text = 'BEGIN;\nDROP TABLE IF EXISTS t;\nEND;\n';
    expect(await countOf(text)).toEqual({ count: 3 });
    expect(await countOf(text, 'insert')).toEqual({ count: 4 });
  });

  it.each([
    ['has branches', '\\if 1\nSELECT 1;\n\\endif\n'],
    ['sends its statements together', '\\startpipeline\nSELECT 1;\nSELECT 2;\n\\endpipeline\n'],
    ['runs commands', '\\shell true\nSELECT 1;\n'],
    ['sends nothing', '\\set a 1\n'],
  ])('are not known of one that %s', async (missing, text) => {
    expect(await countOf(text)).toEqual({ missing });
  });

  it('are not known of a function', () => {
    const run = () => Promise.resolve();
    expect(statementCount({ steps: [{ op: 'function', run }] })).toEqual({ missing: 'is a function' });
  });
});
