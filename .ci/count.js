// Prints `N passed, N failed[, N skipped]` from vitest's JSON report; fails when nothing ran or anything failed.
import { existsSync, readFileSync } from 'node:fs';

const [file = ''] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
if (existsSync(file)) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed = report.numPassedTests;
  skipped = report.numPendingTests + report.numTodoTests;
  // A file that could not even be loaded has no test that failed.
  const unloaded = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ suite) =>
      suite.status === 'failed' && suite.assertionResults.length === 0,
  );
  failed = report.numFailedTests + unloaded.length;
} else {
  console.error(`No tests ran: ${file} was not written.`);
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
