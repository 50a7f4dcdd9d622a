import { describeBus } from '#tests/contract/bus.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { silentLogger } from '#platform/process/logger.ts';
import { openBus } from './postgres-bus.ts';

describeBus('the PostgreSQL bus', async () => {
  const opened = new AsyncDisposableStack();
  const database = opened.use(await cloneDatabase('bus'));
  return {
    connect: async () =>
      opened.use(openBus({ url: database.url, applicationName: 'bus test', logger: silentLogger })),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
});
