import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

/**
 * Three kinds of test, told apart by their file name:
 *   *.test.ts      pure, no database          *.int.test.ts  real PostgreSQL, sockets and memory, a process a file
 *   *.e2e.test.ts  the whole system as processes of its own
 */
export default defineConfig({
  // As Node itself resolves: two copies of graphql in one process do not know each other's types.
  resolve: { alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }] },
  test: {
    reporters: ['default'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // For two cores: tests wait for sockets, processes and clocks for a third of their time.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Pure functions leave nothing behind, and loading graphql anew for each file takes longer than the tests.
          isolate: false,
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.int.test.ts', '**/*.e2e.test.ts', 'tests/oracle/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['**/*.int.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: ['tests/support/database/global-setup.ts'],
          execArgv: ['--import', './system/drizzle-as-commonjs.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'oracle', include: ['tests/oracle/**/*.test.ts'], testTimeout: 600_000 },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.e2e.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
