import { expect, test } from 'vitest';
import type { EngineDeps } from '#gateway/engine.ts';
import { createPlanner } from '#gateway/planning/planner.ts';
import { createPlanning } from '#gateway/planning/planning.ts';
import { startLiveGateway } from '#tests/live/support/live-gateway.ts';
import { connectAcknowledged, itemChanged, subscribeMessage } from '#tests/live/support/raw-client.ts';

/** A planner that plans once it is told to, as a busy one may. A later supergraph's does at once. */
function heldPlanning() {
  const held = Promise.withResolvers<undefined>();
  let asked = 0;
  let supergraphs = 0;
  const create: EngineDeps['createPlanning'] = (supergraph, options) => {
    const planner = createPlanner(supergraph.sdl);
    const isHeld = (supergraphs += 1) === 1;
    return createPlanning(supergraph, {
      ...options,
      planner: {
        async plan(document, operation) {
          asked += 1;
          if (isHeld) await held.promise;
          return planner.plan(document, operation);
        },
      },
    });
  };
  return { create, release: () => held.resolve(undefined), asked: () => asked };
}

test('a client that leaves while its subscription is planned leaves nothing behind', async () => {
  const planning = heldPlanning();
  await using live = await startLiveGateway({}, {}, planning.create);
  await using client = await connectAcknowledged(live.wsUrl);
  await using other = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  other.send(subscribeMessage('1', itemChanged('b')));
  await expect.poll(planning.asked).toBe(2);
  client.send({ id: '1', type: 'complete' });
  await expect.poll(() => live.metrics.subscriptions).toBe(1);
  planning.release();

  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('b');
  expect((await other.next()).payload?.data?.['itemChanged']).toMatchObject({ version: 1 });
  expect(live.feed.subscribed).toHaveLength(1);
  expect(client.waiting).toEqual([]);
});

test('a subscription is planned by the supergraph that came in the meantime', async () => {
  const planning = heldPlanning();
  await using live = await startLiveGateway({}, {}, planning.create);
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  await expect.poll(planning.asked).toBe(1);
  await live.swap({ url: live.feed.url.replace('127.0.0.1', 'localhost') });
  planning.release();

  await live.feed.until(() => live.feed.active === 1);
  expect(planning.asked()).toBe(2);
  live.feed.publish('a');
  expect((await client.next()).payload?.data?.['itemChanged']).toMatchObject({ version: 1 });
});
