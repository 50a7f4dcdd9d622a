import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { createWakeableLoop } from '#platform/loop/wakeable-loop.ts';
import { runService } from './run-process.ts';
import { readServiceConfig } from './service-settings.ts';

/** A service whose requests for /orphan leave a rejection to nobody; /throw throws outside of any promise, /loop ends a loop. */
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
      if (url === '/loop') {
        createWakeableLoop({
          pollMs: 1_000,
          run: () => Promise.reject(new Error('a run that fails')),
          onError: () => {
            throw new Error('a loop that ends');
          },
        });
      }
      response.end(url);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { port, [Symbol.asyncDispose]: async () => void server.close() };
  },
);
