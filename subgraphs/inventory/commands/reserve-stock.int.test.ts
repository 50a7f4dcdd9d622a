import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { answersTo, expectNoDiscrepancies, levels, stock, type Units } from '../testing.ts';
import { releaseStock } from './release-stock.ts';
import { reserveStock } from './reserve-stock.ts';
import { shipStock } from './ship-stock.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase('inventory');
});
afterEach(() => expectNoDiscrepancies(database));
afterAll(() => database[Symbol.asyncDispose]());

const reserve = (orderId: string, ...lines: [sku: string, quantity: number][]) =>
  database.db.transaction((tx) =>
    reserveStock(tx, { orderId, lines: lines.map(([sku, quantity]) => ({ sku, quantity })) }),
  );
const release = (orderId: string) => database.db.transaction((tx) => releaseStock(tx, { orderId }));
const ship = (orderId: string) => database.db.transaction((tx) => shipStock(tx, { orderId }));

let stocked = 0;
/** A SKU of its own for a test. */
async function newSku(units: Units): Promise<string> {
  const sku = `SKU-${++stocked}`;
  await stock(database, { [sku]: units });
  return sku;
}
const level = async (sku: string) => (await levels(database))[sku];
const kinds = async (orderId: string) =>
  (
    await database.sql`select kind, on_hand_delta::text || ',' || reserved_delta as delta from stock_movements where order_id = ${orderId} order by id`
  ).map(({ kind, delta }) => `${kind} ${delta}`);
/** Resolves once a statement of this database waits for a row that another transaction has. */
async function oneWaits(): Promise<void> {
  for (;;) {
    const waiting = await database.sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    if (waiting.length > 0) return;
  }
}
const outOfStock = (sku: string, requested: number, available: number) => ({
  sku,
  code: 'OUT_OF_STOCK',
  requested,
  available,
});

test('an order’s units are held and answered with names and prices', async () => {
  const [a, b, orderId] = [await newSku([5, 0]), await newSku([0, 5]), uuidv7()];
  await reserve(orderId, [b, 2], [a, 1]);
  expect(await answersTo(database, orderId)).toEqual([
    {
      type: 'stock.reserved',
      payload: {
        orderId,
        lines: [
          {
            sku: b,
            name: `Product ${b}, plain`,
            quantity: 2,
            unitPrice: { minor: '1250', currencyCode: 'GBP' },
          },
          {
            sku: a,
            name: `Product ${a}, plain`,
            quantity: 1,
            unitPrice: { minor: '1250', currencyCode: 'GBP' },
          },
        ],
      },
    },
  ]);
  expect(await level(a)).toEqual({ LDN: '1/5', MAN: '0/0' });
  expect(await level(b)).toEqual({ LDN: '0/0', MAN: '2/5' });
  expect(await kinds(orderId)).toEqual(['RESERVED 0,1', 'RESERVED 0,2']);
});

test('a line comes from one warehouse where one has it all, and from several only where none has', async () => {
  const sku = await newSku([4, 6]);
  await reserve(uuidv7(), [sku, 5]);
  expect(await level(sku)).toEqual({ LDN: '0/4', MAN: '5/6' });
  await reserve(uuidv7(), [sku, 5]);
  expect(await level(sku)).toEqual({ LDN: '4/4', MAN: '6/6' });
});

test('of an order that cannot be served whole nothing is held, and every SKU at fault is named', async () => {
  const [plenty, few, none, orderId] = [
    await newSku([50, 50]),
    await newSku([2, 1]),
    await newSku([0, 0]),
    uuidv7(),
  ];
  await reserve(orderId, [none, 1], [plenty, 10], [few, 4], ['NO-SUCH-SKU', 7]);
  expect(await answersTo(database, orderId)).toEqual([
    {
      type: 'stock.refused',
      payload: {
        orderId,
        refusals: [
          { sku: 'NO-SUCH-SKU', code: 'UNKNOWN_SKU', requested: 7, available: 0 },
          outOfStock(few, 4, 3),
          outOfStock(none, 1, 0),
        ],
      },
    },
  ]);
  for (const sku of [plenty, few, none])
    expect(Object.values((await level(sku)) ?? {}).every((each) => each.startsWith('0/'))).toBe(true);
  expect(await kinds(orderId)).toEqual([]);
});

test('two lines of one SKU are refused together when together they are too many', async () => {
  const [sku, orderId] = [await newSku([3, 0]), uuidv7()];
  await reserve(orderId, [sku, 2], [sku, 2]);
  expect(await answersTo(database, orderId)).toMatchObject([
    { type: 'stock.refused', payload: { refusals: [outOfStock(sku, 4, 3)] } },
  ]);
});

test('an order for more than any number of units is refused like any other', async () => {
  const [sku, orderId] = [await newSku([3, 0]), uuidv7()];
  await reserve(orderId, [sku, Number.MAX_SAFE_INTEGER - 1]);
  expect(await answersTo(database, orderId)).toMatchObject([{ type: 'stock.refused' }]);
});

test('asked again, an order is answered the same and takes nothing more, even at another price or with new stock', async () => {
  const [sku, short, held, lacking] = [await newSku([9, 0]), await newSku([1, 0]), uuidv7(), uuidv7()];
  await reserve(held, [sku, 2]);
  await reserve(lacking, [short, 2]);
  await database.sql`update variants set price_minor = 9999 where sku = ${sku}`;
  await stock(database, { [`${short}-MORE`]: [9, 9] });
  await reserve(held, [sku, 2]);
  await reserve(lacking, [short, 2]);
  for (const orderId of [held, lacking]) {
    const [first, second, ...more] = await answersTo(database, orderId);
    expect(second).toEqual(first);
    expect(more).toEqual([]);
  }
  expect(await level(sku)).toEqual({ LDN: '2/9', MAN: '0/0' });
});

test('a release gives back whatever the order holds, once', async () => {
  const [sku, orderId] = [await newSku([4, 6]), uuidv7()];
  await reserve(orderId, [sku, 9]);
  await release(orderId);
  await release(orderId);
  expect(await level(sku)).toEqual({ LDN: '0/4', MAN: '0/6' });
  expect((await kinds(orderId)).sort()).toEqual([
    'RELEASED 0,-3',
    'RELEASED 0,-6',
    'RESERVED 0,3',
    'RESERVED 0,6',
  ]);
});

test('units that are given back while an order waits for them are its to take', async () => {
  const [sku, first, second] = [await newSku([1, 0]), uuidv7(), uuidv7()];
  await reserve(first, [sku, 1]);
  const released = Promise.withResolvers<void>();
  const mayCommit = Promise.withResolvers<void>();
  const releasing = database.db.transaction(async (tx) => {
    await releaseStock(tx, { orderId: first });
    released.resolve();
    await mayCommit.promise;
  });
  await released.promise;
  const reserving = reserve(second, [sku, 1]);
  await oneWaits();
  mayCommit.resolve();
  await Promise.all([releasing, reserving]);
  expect(await answersTo(database, second)).toMatchObject([{ type: 'stock.reserved' }]);
  expect(await level(sku)).toEqual({ LDN: '1/1', MAN: '0/0' });
});

test('a release that comes before its order asks leaves nothing to take: the late request is passed over', async () => {
  const [sku, orderId] = [await newSku([5, 5]), uuidv7()];
  await release(orderId);
  await reserve(orderId, [sku, 1]);
  expect(await level(sku)).toEqual({ LDN: '0/5', MAN: '0/5' });
  expect(await answersTo(database, orderId)).toEqual([]);
});

test('what an order gave back it does not take again', async () => {
  const [sku, orderId] = [await newSku([5, 5]), uuidv7()];
  await reserve(orderId, [sku, 1]);
  await release(orderId);
  await reserve(orderId, [sku, 1]);
  expect(await level(sku)).toEqual({ LDN: '0/5', MAN: '0/5' });
  expect(await answersTo(database, orderId)).toHaveLength(1);
});

test('shipped units leave the warehouses they were held in, once, and do not come back', async () => {
  const [sku, orderId] = [await newSku([4, 6]), uuidv7()];
  await reserve(orderId, [sku, 9]);
  await ship(orderId);
  await ship(orderId);
  await release(orderId);
  expect(await level(sku)).toEqual({ LDN: '0/1', MAN: '0/0' });
  expect((await kinds(orderId)).sort()).toEqual([
    'RESERVED 0,3',
    'RESERVED 0,6',
    'SHIPPED -3,-3',
    'SHIPPED -6,-6',
  ]);
});

test('a shipment of what is not held is laid before a person, not waved through', async () => {
  const [sku, refused, released] = [await newSku([1, 0]), uuidv7(), uuidv7()];
  await reserve(refused, [sku, 2]);
  await reserve(released, [sku, 1]);
  await release(released);
  await expect(ship(uuidv7())).rejects.toThrow('no reservation');
  await expect(ship(refused)).rejects.toThrow('REFUSED');
  await expect(ship(released)).rejects.toThrow('RELEASED');
  expect(await level(sku)).toEqual({ LDN: '0/1', MAN: '0/0' });
});
