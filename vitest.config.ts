import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

/**
 * Four kinds of test, told apart by their file name:
 *   *.test.ts      pure, no database          *.int.test.ts     real PostgreSQL and sockets, in this process
 *   *.e2e.test.ts  the whole system as processes of its own     *.memory.test.ts  what is held, in a process a file
 * Files of the first two share processes: loading our code anew for each took longer than most of their tests.
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
          isolate: false,
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.{int,e2e,memory}.test.ts', 'tests/oracle/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          isolate: false,
          include: ['**/*.int.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: ['tests/support/database/global-setup.ts'],
          execArgv: ['--import', './system/drizzle-as-commonjs.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'memory', include: ['**/*.memory.test.ts'], exclude: ['**/node_modules/**'] },
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
