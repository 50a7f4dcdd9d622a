import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { findFreePort, isFree } from './free-port.ts';

test('a port that is found can be listened on, and is then no longer free', async () => {
  const port = await findFreePort();
  const server = createServer();
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  );
  expect(await isFree(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await isFree(port)).toBe(true);
});
