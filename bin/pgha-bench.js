#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

// Whoever reads may have seen enough, `| head`: that is no error.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
});
process.exitCode = await main(process.argv.slice(2));
