import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // For .ci/run, which counts from it.
    reporters: ['default', ['json', { outputFile: 'test-results.json' }]],
    projects: [
      {
        test: {
          name: 'unit',
          // Half the time: no test changes what another one could see.
          pool: 'threads',
          isolate: false,
          // A busy machine is no failure.
          testTimeout: 60_000,
          include: ['src/**/*.test.ts'],
          exclude: ['src/**/*.e2e.test.ts'],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['src/**/*.e2e.test.ts'],
          // A lab needs both cores, and figures of two at once would be figures of neither.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
