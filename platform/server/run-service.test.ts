import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const FIXTURE = fileURLToPath(new URL('orphaning-service.fixture.ts', import.meta.url));

test('a promise that a request abandons ends nobody; what is thrown outside of promises ends the process', async () => {
  const service = fork(FIXTURE, {
    env: {
      ...process.env,
      NODE_ENV: 'test',
      PORT: '0',
      GATEWAY_SECRET: 'a secret of this test',
      USERS_JWKS_URL: 'http://127.0.0.1/keys',
    },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let log = '';
  service.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  try {
    const [{ port }] = (await once(service, 'message')) as [{ port: number }];
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await ask('/orphan')).toBe('/orphan');
    expect(await ask('/after')).toBe('/after');
    expect(log).toContain('nobody waits for this');
    const exit = once(service, 'exit');
    await ask('/throw').catch(() => {});
    expect((await exit)[0]).toBe(1);
  } finally {
    service.kill('SIGKILL');
  }
});
