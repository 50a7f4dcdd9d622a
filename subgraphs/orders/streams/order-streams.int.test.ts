import { describe, expect, test } from 'vitest';
import type { Database } from '#platform/postgres/database.ts';
import { refusalOf, take } from '#tests/support/subgraphs/subgraph-client.ts';
import { readAllAfter } from '../db/order-log.queries.ts';
import { authorise, reserve, startOrders } from '../testing.ts';

describe('live updates', () => {
  test('bring every version once and in order, from wherever one resumes, and end with the order', async () => {
    await using orders = await startOrders();
    const { id } = (await orders.place()).order;
    const fromStart = orders.follow(id, 0);
    const fromNow = orders.follow(id, null);
    const [placed] = await take(fromStart, 1);
    expect(placed).toMatchObject({
      data: { orderUpdated: { version: 1, status: 'PENDING' } },
      extensions: { cursor: '1' },
    });
    expect((await take(fromNow, 1))[0]).toMatchObject({ data: { orderUpdated: { version: 1 } } });
    await reserve(orders.bus, id);
    await authorise(orders.bus, id);
    await orders.reached(id, 3);
    await orders.client.ask(
      'mutation ($id: ID!) { cancelOrder(input: { orderId: $id }) { order { id } } }',
      { id },
      orders.ada,
    );
    const versions = (results: object[]) =>
      results.map(
        (result) => (result as { data: { orderUpdated: { version: number } } }).data.orderUpdated.version,
      );
    expect(versions(await take(fromStart, 99))).toEqual([2, 3, 4]);
    expect(versions(await take(fromNow, 99))).toEqual([2, 3, 4]);
    expect(versions(await take(orders.follow(id, 2), 99))).toEqual([3, 4]);
    expect(versions(await take(orders.follow(id, 0, orders.ada, '3'), 99))).toEqual([4]);
  });

  test('end at once for a client that has the last version already, and lost the connection before it heard so', async () => {
    await using orders = await startOrders();
    const { id } = (await orders.place()).order;
    await orders.client.ask(
      'mutation ($id: ID!) { cancelOrder(input: { orderId: $id }) { order { id } } }',
      { id },
      orders.ada,
    );
    expect(await take(orders.follow(id, 2), 99)).toEqual([]);
    expect(await take(orders.follow(id, 0, orders.ada, '2'), 99)).toEqual([]);
  });

  test('over all orders have positions that leave no gap, while many orders are placed at once', async () => {
    await using orders = await startOrders();
    const all = orders.client.follow(
      'subscription { ordersUpdated(after: 0) { position version order { id } } }',
      {},
      orders.staff,
    );
    const placing = Promise.all(Array.from({ length: 30 }, () => orders.place()));
    const updates = (await take(all, 30)) as unknown as {
      data: { ordersUpdated: { position: number; order: { id: string } } };
    }[];
    const ids = (await placing).map(({ order }) => order.id);
    expect(updates.map((update) => update.data.ordersUpdated.position)).toEqual(
      Array.from({ length: 30 }, (_, n) => n + 1),
    );
    expect(updates.map((update) => update.data.ordersUpdated.order.id).toSorted()).toEqual(ids.toSorted());
  });

  test('over all orders have no gap where a service was killed while it gave out positions', async () => {
    await using orders = await startOrders();
    await orders.place();
    const killed = orders.database.db.transaction(async (tx) => {
      await readAllAfter(tx as unknown as Database['db'], 0, 10);
      throw new Error('killed before the commit');
    });
    await expect(killed).rejects.toThrow('killed');
    const query = 'subscription { ordersUpdated(after: 0) { position } }';
    expect(await take(orders.client.follow(query, {}, orders.staff), 1)).toMatchObject([
      { data: { ordersUpdated: { position: 1 } } },
    ]);
  });

  test('over all orders say where they stand before anything happens, unless told where to begin', async () => {
    await using orders = await startOrders();
    await orders.place();
    const query = 'subscription ($after: Int) { ordersUpdated(after: $after) { position } }';
    const fromNow = orders.client.follow(query, {}, orders.staff);
    const fromStart = orders.client.follow(query, { after: 0 }, orders.staff);
    expect(await take(fromNow, 1)).toEqual([{ extensions: { cursor: '1' } }]);
    await orders.place();
    const [first, second] = [1, 2].map((position) => ({
      data: { ordersUpdated: { position } },
      extensions: { cursor: String(position) },
    }));
    expect(await take(fromNow, 1)).toEqual([second]);
    expect(await take(fromStart, 2)).toEqual([first, second]);
  });

  test('refuse a place to resume from that never was', async () => {
    await using orders = await startOrders();
    const { id } = (await orders.place()).order;
    expect(await refusalOf(orders.follow(id, 7))).toContain('BAD_USER_INPUT');
    expect(
      await refusalOf(
        orders.client.follow('subscription { ordersUpdated(after: 99) { position } }', {}, orders.staff),
      ),
    ).toContain('CURSOR_EXPIRED');
  });
});
