// Bundles the program of the HTML report's page with uPlot: src/report/html/page/ -> dist/report/html/page.{js,css}.
// Both are put into every report as they are, so that a report is one file; uPlot's licence goes with them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = join(ROOT, 'src/report/html/page');
const OUT = join(ROOT, 'dist/report/html');
const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));

const bundle = await rolldown({ input: join(PAGE, 'main.ts'), platform: 'browser' });
const { output } = await bundle.generate({ format: 'iife', minify: true, comments: false });
await bundle.close();

const licence = await readFile(join(uplot, 'LICENSE'), 'utf8');
const notice = `/*! uPlot, https://github.com/leeoniya/uPlot\n${licence.trim()}\n*/\n`;
const [uplotStyle, ownStyle] = await Promise.all([
  readFile(join(uplot, 'dist/uPlot.min.css'), 'utf8'),
  readFile(join(PAGE, 'page.css'), 'utf8'),
]);
const script = `${notice}${output[0].code}`;
const style = `${notice}${uplotStyle.trim()}\n${ownStyle}`;
// Inside of an element, these would end it or hide what follows.
for (const [text, ends] of [
  [script, /<\/script|<!--/i],
  [style, /<\/style|<!--/i],
]) {
  if (ends.test(text)) {
    throw new Error(`The page holds ${ends.exec(text)?.[0]}, which cannot stand in the report.`);
  }
}
await mkdir(OUT, { recursive: true });
await writeFile(join(OUT, 'page.js'), script);
await writeFile(join(OUT, 'page.css'), style);
