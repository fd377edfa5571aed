import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SOURCES = fileURLToPath(new URL('..', import.meta.url));

/** Sources of a folder without tests and what they share, as paths below src/. */
function sourcesIn(folder: string): string[] {
  return readdirSync(join(SOURCES, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(test|e2e\.test|fixture)\.ts$/.test(file))
    .map((file) => join(folder, file))
    .sort();
}

const textOf = (source: string) => readFileSync(join(SOURCES, source), 'utf8');

/** What a source imports: `from '…'` of imports and exports, `import '…'`, and `import('…')`. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g)].map(([, path = '']) => path);
}

/** Beside the API: the style of a terminal, what words mean, and what every layer may use. */
const ALLOWED = [
  /^\.\//,
  /^\.\.\/api\//,
  /^\.\.\/report\/terminal\//,
  /^\.\.\/plan\/(nearest|selection|words)\.js$/,
  /^\.\.\/(errors|units)\.js$/,
  /^node:/,
  /^(yargs|cli-table3)$/,
];

/** All that a source imports, and what that imports. */
function reachedFrom(source: string, beside: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [source];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    for (const name of beside.get(at) ?? []) {
      const found = `cli/${name}.ts`;
      if (!reached.has(found)) {
        reached.add(found);
        next.push(found);
      }
    }
  }
  return reached;
}

describe('the command line', () => {
  it.each(sourcesIn('cli'))('%s goes by the API alone', (source) => {
    const imports = importsOf(textOf(source));
    expect(imports.filter((path) => !ALLOWED.some((allowed) => allowed.test(path)))).toEqual([]);
  });

  it('imports nothing in a circle', () => {
    const beside = new Map(
      sourcesIn('cli').map((source) => [
        source,
        importsOf(textOf(source)).flatMap((path) => /^\.\/(.*)\.js$/.exec(path)?.[1] ?? []),
      ]),
    );
    const circles = [...beside.keys()].filter((source) => reachedFrom(source, beside).has(source));
    expect(circles).toEqual([]);
    const circle = new Map([
      ['cli/a.ts', ['b']],
      ['cli/b.ts', ['a']],
    ]);
    expect([...reachedFrom('cli/a.ts', circle)]).toEqual(['cli/b.ts', 'cli/a.ts']);
  });

  it('is looked at as it is written', () => {
    const text = `import a from 'one';\nimport {\n  b,\n} from '../two.js';\nexport * from 'three';\nawait import('four');\nimport 'five';`;
    expect(importsOf(text)).toEqual(['one', '../two.js', 'three', 'four', 'five']);
    expect(sourcesIn('cli')).toContain('cli/main.ts');
    expect(importsOf(textOf('cli/main.ts'))).toContain('./run.js');
  });
});

const TERMINAL_OR_PROCESS =
  /\bprocess\s*\.\s*(stdout|stderr|stdin|exit|exitCode|on|once|addListener)\b|\bconsole\s*\./;

/** A script of pgbench's that says debug(…) asks for it. */
const MAY_WRITE = 'workload/pgbench/math-functions.ts';

describe('the library', () => {
  const sources = sourcesIn('.').filter((source) => !source.startsWith('cli/') && source !== MAY_WRITE);

  it('leaves the terminal and the process to its caller', () => {
    const uses = sources.flatMap((source) => {
      const [use] = TERMINAL_OR_PROCESS.exec(textOf(source)) ?? [];
      return use === undefined ? [] : [`${source}: ${use}`];
    });
    expect(uses).toEqual([]);
    expect(sources).toContain('run/conductor.ts');
    expect('process.exit(1)').toMatch(TERMINAL_OR_PROCESS);
  });

  it('knows nothing of the command line', () => {
    const above = sources.filter((source) =>
      importsOf(textOf(source)).some((path) => path.includes('/cli/')),
    );
    expect(above).toEqual([]);
  });
});
