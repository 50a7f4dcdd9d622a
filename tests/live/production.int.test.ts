// What live updates tell in production of what goes wrong inside.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '#tests/support/until.ts';
import { type LiveGateway, startLiveGateway } from './support/live-gateway.ts';
import { connectAcknowledged, itemChanged, subscribeMessage } from './support/raw-client.ts';

/** Of the inside: where services are, what they are called within errors, and what they say when they fail. */
const INSIDE = /127\.0\.0\.1|localhost|ECONN|\w:\d{4,5}\b|postgres|\.ts\b|node_modules|Did you mean/;
const REASON = 'postgres at 127.0.0.1:5432 ECONNREFUSED';

let live: LiveGateway;

beforeAll(async () => {
  live = await startLiveGateway(
    { resumeWithinMs: 100 },
    { NODE_ENV: 'production', GATEWAY_SECRET: 'a-secret-of-the-test-alone' },
  );
});
afterAll(() => live[Symbol.asyncDispose]());

type ErrorSeen = { message: string; extensions: Record<string, unknown> };

async function errorOf(query: string): Promise<ErrorSeen> {
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', query));
  const { type, payload } = await client.next();
  expect(type).toBe('error');
  const [error] = payload as unknown as ErrorSeen[];
  expect(JSON.stringify(payload)).not.toMatch(INSIDE);
  return error ?? { message: '', extensions: {} };
}

test.each([
  [4500, 'SUBGRAPH_CLOSED_STREAM', true],
  [1011, 'SUBGRAPH_CLOSED_STREAM', true],
  [4400, 'SUBGRAPH_CLOSED_STREAM', undefined],
  [4401, 'UNAUTHENTICATED', undefined],
  [4403, 'FORBIDDEN', undefined],
])(
  'a close with %i tells its code, and not the reason that the subgraph gave',
  async (closeCode, code, retryable) => {
    live.feed.poison(`p${closeCode}`, (socket) => socket.close(closeCode, REASON));
    const { message, extensions } = await errorOf(itemChanged(`p${closeCode}`));
    expect(extensions).toEqual({ code, closeCode, service: 'feed', ...(retryable && { retryable }) });
    expect(message).toBe('A service closed the live connection of this subscription.');
  },
);

test('a validation error suggests nothing', async () => {
  const { extensions } = await errorOf('subscription { itemChange(id: "a") { version } }');
  expect(extensions['code']).toBe('GRAPHQL_VALIDATION_FAILED');
});

test.each([
  ['an error', [{ message: REASON }], 'DOWNSTREAM_SERVICE_ERROR', 'Internal server error'],
  [
    'an error of its own code',
    [{ message: 'Not yours.', extensions: { code: 'NOT_YOURS', stacktrace: [REASON] } }],
    'NOT_YOURS',
    'Not yours.',
  ],
])('%s at subscribe is told as over HTTP', async (what, payload, code, message) => {
  live.feed.poison(what, (socket, id) => socket.send(JSON.stringify({ id, type: 'error', payload })));
  expect(await errorOf(itemChanged(what))).toMatchObject({ message, extensions: { code, service: 'feed' } });
});

test('an error within an event, of the subgraph or of the entities it needs, tells nothing either', async () => {
  await using client = await connectAcknowledged(live.wsUrl);
  live.feed.poison('broken', (socket, id) =>
    socket.send(
      JSON.stringify({
        id,
        type: 'next',
        payload: { data: null, errors: [{ message: REASON, path: ['itemChanged'] }] },
      }),
    ),
  );
  client.send(subscribeMessage('1', itemChanged('broken')));
  const { payload } = await client.next();
  expect(payload?.errors).toMatchObject([{ message: 'Internal server error' }]);
  expect(JSON.stringify(payload)).not.toMatch(INSIDE);
});

test('a subgraph that stays away is told as a service that could not be reached, worth coming back for', async () => {
  await live.feed.crash();
  const { message, extensions } = await errorOf(itemChanged('away'));
  await live.feed.restart();
  expect(message).toBe('A service could not be reached.');
  expect(extensions).toMatchObject({ code: 'SUBGRAPH_UNREACHABLE', retryable: true });
  await until(() => live.metrics.subscriptions === 0, 'it to be over');
});
