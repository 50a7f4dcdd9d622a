import fastify from 'fastify';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger } from '#platform/process/logger.ts';
import { serveHealth } from './health.ts';

test('a database that does not answer is told before whoever asks gives up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const app = fastify();
  onTestFinished(() => app.close());
  const asked = Promise.withResolvers<void>();
  serveHealth(app, {
    checkHealth: () => (asked.resolve(), new Promise(() => {})),
    isGateway: () => true,
    logger: silentLogger,
  });
  const answer = app.inject('/health/ready');
  await Promise.all([answer.then(() => {}), asked.promise.then(() => vi.advanceTimersByTimeAsync(2_900))]);
  expect((await answer).statusCode).toBe(503);
  expect((await answer).json()).toEqual({ status: 'unavailable', reason: 'database slow' });
});
