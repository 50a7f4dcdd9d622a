import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { runService } from './run-service.ts';
import { readServiceConfig } from './service-config.ts';

/** A service whose requests for /orphan leave a rejection to nobody, and for /throw an exception outside of any promise. */
await runService(
  'orphaning',
  () => readServiceConfig({ NOTHING: z.string().optional() }),
  async () => {
    const server = createServer(({ url }, response) => {
      if (url === '/orphan') void Promise.reject(new Error('nobody waits for this'));
      if (url === '/throw')
        setImmediate(() => {
          throw new Error('outside of any promise');
        });
      response.end(url);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { port, [Symbol.asyncDispose]: async () => void server.close() };
  },
);
