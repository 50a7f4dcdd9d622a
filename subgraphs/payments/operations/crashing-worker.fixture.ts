/** A worker process that kills itself at a point of its first authorisation: `node … <database url> before|after`. */
import { openDatabase } from '#platform/postgres/database.ts';
import { createLogger } from '#platform/process/logger.ts';
import { createSimulator } from '../provider/simulator.ts';
import { runOperations } from './run-operations.ts';

const [url = '', point] = process.argv.slice(2);
const LEASE_MS = 200;

const simulator = await createSimulator({ url });
await runOperations({
  database: openDatabase({ url, applicationName: 'crashing worker' }),
  logger: createLogger('crashing worker', 'silent'),
  times: { leaseMs: LEASE_MS },
  provider: {
    ...simulator,
    async authorise(call, signal) {
      if (point === 'before') process.kill(process.pid, 'SIGKILL');
      const outcome = await simulator.authorise(call, signal);
      process.kill(process.pid, 'SIGKILL');
      return outcome;
    },
  },
});
