import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '#tests/support/until.ts';

const FIXTURE = fileURLToPath(new URL('./orphaning-service.fixture.ts', import.meta.url));

test.each([
  ['/throw', 'outside of any promise'],
  ['/loop', 'a loop that ends'],
])('a promise that a request abandons ends nobody; %s ends the process', async (ending, reason) => {
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
    await until(() => log.includes('nobody waits for this'), 'the rejection to be logged');
    const closed = once(service, 'close'); // once its log has been read, too
    await ask(ending).catch(() => {});
    expect((await closed)[0]).toBe(1);
    expect(log).toContain(reason);
  } finally {
    service.kill('SIGKILL');
  }
});
