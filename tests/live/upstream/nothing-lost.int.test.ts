import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LiveGateway, startLiveGateway } from '#tests/live/support/live-gateway.ts';
import { connectAcknowledged, type RawClient, subscribeMessage } from '#tests/live/support/raw-client.ts';

/*
 * Whatever happens in whatever order, a client that comes back with its last cursor has every version of its item once
 * and in order. Clients come, leave, vanish and come back; the subgraph crashes and restarts; events go on all the while.
 */

const ITEMS = ['a', 'b'];
const CLIENTS = 4;

type Step =
  | { readonly do: 'publish'; readonly item: number; readonly times: number }
  | { readonly do: 'connect' | 'stop' | 'vanish'; readonly client: number }
  | { readonly do: 'crash' | 'restart' | 'settle' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      item: fc.nat(ITEMS.length - 1),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('connect' as const), client: fc.nat(CLIENTS - 1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('stop' as const, 'vanish' as const),
      client: fc.nat(CLIENTS - 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);

/** One client of one item, that begins before the first version and keeps what it got over all its connections. */
function createFollower(live: LiveGateway, item: string) {
  const versions: number[] = [];
  let client: RawClient | undefined;
  return {
    item,
    versions,
    get connected() {
      return client !== undefined;
    },
    async connect() {
      if (client !== undefined) return;
      const opened = await connectAcknowledged(live.wsUrl);
      client = opened;
      const query = 'subscription ($id: ID!) { itemChanged(id: $id) { version owner { name } } }';
      opened.send(
        subscribeMessage('1', query, {
          variables: { id: item },
          extensions: { cursor: versions.at(-1) ?? 0 },
        }),
      );
      void listen(opened);
    },
    async stop(politely: boolean) {
      const leaving = client;
      client = undefined;
      if (politely) leaving?.send({ id: '1', type: 'complete' });
      await leaving?.[Symbol.asyncDispose]();
    },
  };

  async function listen(opened: RawClient): Promise<void> {
    while (client === opened) {
      const message = await opened.next().catch(() => undefined);
      if (client !== opened || message === undefined) return;
      versions.push(message.payload?.data?.['itemChanged']?.version ?? NaN);
    }
  }
}

test('every client ends with every version of its item exactly once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      await using live = await startLiveGateway();
      const followers = Array.from({ length: CLIENTS }, (_, index) =>
        createFollower(live, ITEMS[index % ITEMS.length] ?? ''),
      );
      const published = new Map(ITEMS.map((item) => [item, 0]));
      let up = true;
      for (const taken of steps) {
        switch (taken.do) {
          case 'publish':
            for (let i = 0; i < taken.times; i += 1) {
              const item = ITEMS[taken.item] ?? '';
              published.set(item, live.feed.publish(item));
            }
            break;
          case 'connect':
            await followers[taken.client]?.connect();
            break;
          case 'stop':
          case 'vanish':
            await followers[taken.client]?.stop(taken.do === 'stop');
            break;
          case 'crash':
            if (up) await live.feed.crash();
            up = false;
            break;
          case 'restart':
            if (!up) await live.feed.restart();
            up = true;
            break;
          case 'settle':
            if (up)
              await everyoneHasAll(
                followers.filter(({ connected }) => connected),
                published,
              );
        }
      }
      if (!up) await live.feed.restart();
      for (const follower of followers) await follower.connect();
      await everyoneHasAll(followers, published);
      // One more event brings everyone who was served apart together.
      for (const item of ITEMS) published.set(item, live.feed.publish(item));
      await everyoneHasAll(followers, published);
      await live.feed.until(() => live.feed.active === ITEMS.length);
      expect(live.metrics.streams).toBe(ITEMS.length);
      for (const follower of followers) await follower.stop(true);
      await live.feed.until(() => live.feed.active === 0);
      expect(live.metrics).toMatchObject({ streams: 0, subscriptions: 0 });
    }),
    // Without shrinking, which would take minutes: the steps are printed, and the seed.
    { numRuns: 15, endOnFailure: true },
  );
});

async function everyoneHasAll(
  followers: readonly ReturnType<typeof createFollower>[],
  published: ReadonlyMap<string, number>,
) {
  const all = (item: string) => Array.from({ length: published.get(item) ?? 0 }, (_, index) => index + 1);
  await expect
    .poll(() => followers.map(({ versions }) => versions), { timeout: 5_000, interval: 5 })
    .toEqual(followers.map(({ item }) => all(item)));
}
