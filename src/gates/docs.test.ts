import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseGatesFile } from './gates-file.js';
import { listedMetrics } from './list.js';
import { parseGate } from './parse.js';

const docs = readFileSync(new URL('../../docs/gates.md', import.meta.url), 'utf8');

/** The tables of docs/gates.md, as they have to be. */
function tables(): string {
  const sections: string[] = [];
  let group = '';
  for (const { group: own, form, metrics } of listedMetrics()) {
    if (own !== group) {
      sections.push(`### ${own}`);
      group = own;
    }
    const rows = metrics.map(({ name, unit, meaning }) => `| \`${name}\` | ${unit} | ${meaning} |`);
    const code = form === 'a single figure' ? 'Single figures:' : `\`${form}\`:`;
    sections.push(code, ['| metric | unit | |', '|---|---|---|', ...rows].join('\n'));
  }
  return sections.join('\n\n');
}

describe('docs/gates.md', () => {
  it('lists what there is', () => {
    // To mend it, put what is expected here behind the last heading of the file.
    expect(docs.slice(docs.indexOf('### Downtime')).trim()).toBe(tables());
  });

  it('has gates that are understood', () => {
    const inCommands = [...docs.matchAll(/--gate '([^']+)'/g)].map(([, gate = '']) => gate);
    const inTable = [...docs.matchAll(/: `([^`]+)` \|$/gm)].map(([, gate = '']) => gate);
    expect(inCommands.length).toBeGreaterThan(2);
    expect(inTable).toHaveLength(4);
    for (const gate of [...inCommands, ...inTable]) {
      expect(() => parseGate(gate)).not.toThrow();
    }
    for (const [, yaml = ''] of docs.matchAll(/```yaml\n([\s\S]*?)```/g)) {
      expect(parseGatesFile(yaml, 'docs/gates.md').length).toBeGreaterThan(1);
    }
  });

  it('shows a mistake as it is told', () => {
    const [, shown = ''] = /pgha-bench: (write_downtime: expected[\s\S]*?)```/.exec(docs) ?? [];
    expect(() => parseGate('write_downtime.max < 10')).toThrow(shown.trimEnd());
  });

  it('comes with a file of gates that is one', () => {
    const file = readFileSync(new URL('../../docs/ci/gates.yaml', import.meta.url), 'utf8');
    expect(parseGatesFile(file, 'docs/ci/gates.yaml').length).toBeGreaterThan(3);
  });
});
