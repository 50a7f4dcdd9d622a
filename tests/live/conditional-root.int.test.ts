import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LiveGateway, startLiveGateway } from './support/live-gateway.ts';
import { connectRaw, subscribeMessage } from './support/raw-client.ts';

const MESSAGE =
  'Anonymous Subscription must not use `@skip` or `@include` directives in the top level selection.';
const ERROR = { message: MESSAGE, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } };

/** Whether what a condition says would have left the field in or out makes no difference. */
const CONDITIONAL: readonly [how: string, query: string, variables?: Record<string, unknown>][] = [
  ['by a literal that leaves it in', 'subscription { itemChanged(id: "a") @skip(if: false) { version } }'],
  [
    'by a literal that leaves it out',
    'subscription { itemChanged(id: "a") @include(if: false) { version } }',
  ],
  [
    'by a variable that leaves it in',
    'subscription ($on: Boolean!) { itemChanged(id: "a") @include(if: $on) { version } }',
    { on: true },
  ],
  [
    'by a variable that leaves it out',
    'subscription ($off: Boolean!) { itemChanged(id: "a") @skip(if: $off) { version } }',
    { off: true },
  ],
  ['on an inline fragment', 'subscription { ... @skip(if: false) { itemChanged(id: "a") { version } } }'],
  [
    'on a fragment spread',
    'subscription { ...F @include(if: true) } fragment F on Subscription { itemChanged(id: "a") { version } }',
  ],
  [
    'within a fragment',
    'subscription { ...F } fragment F on Subscription { ... { itemChanged(id: "a") @skip(if: false) { version } } }',
  ],
];

let live: LiveGateway;
beforeAll(async () => {
  live = await startLiveGateway();
});
afterAll(() => live[Symbol.asyncDispose]());

test.each(CONDITIONAL)(
  'a condition on the root field, %s, is refused over each transport',
  async (_, query, variables) => {
    for (const [protocol, type] of [
      ['graphql-transport-ws', 'subscribe'],
      ['graphql-ws', 'start'],
    ] as const) {
      await using client = await connectRaw(live.wsUrl, protocol);
      client.send({ type: 'connection_init' });
      await client.next();
      client.send({ ...subscribeMessage('1', query, { variables }), type });
      const { payload } = await client.next();
      expect(Array.isArray(payload) ? payload : [payload]).toMatchObject([ERROR]);
    }
    for (const accept of [
      'text/event-stream',
      'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json',
      'application/json',
    ]) {
      const { url } = await live.gateway.listen();
      const response = await fetch(url, {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      expect(await response.text()).toContain(JSON.stringify(MESSAGE));
    }
    expect(live.feed.subscribed).toEqual([]);
  },
);

test('conditions beneath the root field are as good as ever', async () => {
  await using client = await connectRaw(live.wsUrl);
  client.send({ type: 'connection_init' });
  await client.next();
  const query =
    'subscription ($on: Boolean!) { itemChanged(id: "a") { version @include(if: $on) id @skip(if: true) } }';
  client.send(subscribeMessage('1', query, { variables: { on: true } }));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect((await client.next()).payload?.data).toEqual({ itemChanged: { version: 1 } });
});

test.each([
  ['two fields', '{ a: itemChanged(id: "a") { id } ...F }', 'must select only one top level field.'],
  ['introspection', '{ __typename }', 'must not select an introspection top level field.'],
])('a subscription of %s is refused as before', async (_, selection, message) => {
  await using client = await connectRaw(live.wsUrl);
  client.send({ type: 'connection_init' });
  await client.next();
  const fragment = 'fragment F on Subscription { b: itemChanged(id: "b") { id } }';
  client.send(
    subscribeMessage('1', `subscription S ${selection} ${selection.includes('...F') ? fragment : ''}`),
  );
  expect((await client.next()).payload).toMatchObject([{ message: `Subscription "S" ${message}` }]);
});
