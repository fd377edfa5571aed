import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BEFORE_RUN } from '../doctor/before-run.js';
import { exitCodeOf, listChecks } from './doctor.js';

const docs = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');

/** The tables of docs/doctor.md, as they have to be. */
function tables(): string {
  const checks = listChecks();
  return [...new Set(checks.map(({ layer }) => layer))]
    .map((layer) => {
      const own = checks.filter((check) => check.layer === layer);
      const rows = own.map(({ id, about }) => `| \`${id}\` | ${about} |`);
      return [`### ${layer}`, '', '| check | |', '|---|---|', ...rows].join('\n');
    })
    .join('\n\n');
}

describe('docs/doctor.md', () => {
  it('lists what is looked at', () => {
    // To mend it, put what is expected here behind the text of the last section.
    expect(docs.slice(docs.indexOf('### patroni')).trim()).toBe(tables());
  });
});

describe('the doctor', () => {
  it('has only checks before a run that there are', () => {
    const ids = listChecks().map(({ id }) => id);
    expect(BEFORE_RUN.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('ends with 1 for what refuses a run, and for warnings when it is strict', () => {
    const found = (severity: 'refuse' | 'warn' | 'note') => ({
      findings: [
        { check: 'x', layer: 'host', severity, subject: null, found: '', why: '', fix: '' } as const,
      ],
    });
    expect(exitCodeOf({ findings: [] }, true)).toBe(0);
    expect(exitCodeOf(found('refuse'), false)).toBe(1);
    expect(exitCodeOf(found('warn'), false)).toBe(0);
    expect(exitCodeOf(found('warn'), true)).toBe(1);
    expect(exitCodeOf(found('note'), true)).toBe(0);
  });
});
