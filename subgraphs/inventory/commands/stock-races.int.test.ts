/** Random shoppers, random messages, one real PostgreSQL. fast-check prints the seed of a run that fails. */
import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDatabase } from '#platform/postgres/database.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import type { ReservationStatus } from '../domain/reservation.ts';
import { answersTo, expectNoDiscrepancies, stock, type Units } from '../testing.ts';
import { releaseStock } from './release-stock.ts';
import { reserveStock } from './reserve-stock.ts';
import { shipStock } from './ship-stock.ts';

const SHOPPERS_AT_ONCE = 16;
/** Far more than it takes: the machine may be busy. */
const PATIENCE_MS = 120_000;

vi.setConfig({ testTimeout: PATIENCE_MS });

let clone: TestDatabase;
/** A pool wide enough that shoppers meet in the database and not in front of it. */
let database: TestDatabase;
beforeAll(async () => {
  clone = await cloneDatabase('inventory');
  const shoppers = openDatabase({
    url: clone.url,
    applicationName: 'shoppers',
    poolSize: SHOPPERS_AT_ONCE,
  });
  database = { ...shoppers, sql: clone.sql };
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await clone[Symbol.asyncDispose]();
});

interface Line {
  readonly sku: string;
  readonly quantity: number;
}

let runs = 0;
/** Fresh SKUs for a run; a basket names them by their place. */
async function shelves(units: readonly Units[]) {
  const run = ++runs;
  const skus = units.map((_, place) => `RUN${run}-${place}`);
  await stock(database, Object.fromEntries(units.map((each, place) => [skus[place], each])));
  return {
    basket: (lines: readonly [place: number, quantity: number][]): Line[] =>
      lines.map(([place, quantity]) => ({ sku: skus[place] as string, quantity })),
    skus,
  };
}

const reserve = (orderId: string, lines: Line[]) =>
  database.db.transaction((tx) => reserveStock(tx, { orderId, lines }));
const release = (orderId: string) => database.db.transaction((tx) => releaseStock(tx, { orderId }));
const ship = (orderId: string) => database.db.transaction((tx) => shipStock(tx, { orderId }));

async function statusOf(orderId: string): Promise<ReservationStatus | null> {
  const [row] = await database.sql<
    { status: ReservationStatus }[]
  >`select status from reservations where order_id = ${orderId}`;
  return row?.status ?? null;
}

async function totals(skus: readonly string[]): Promise<Map<string, { onHand: number; reserved: number }>> {
  const rows = await database.sql<{ sku: string; onHand: number; reserved: number }[]>`
    select sku, sum(on_hand)::integer as "onHand", sum(reserved)::integer as reserved
    from stock_levels join variants on variants.id = variant_id where sku in ${database.sql([...skus])} group by sku`;
  return new Map(rows.map(({ sku, ...level }) => [sku, level]));
}

/** How many units of the SKU these baskets have. */
const unitsIn = (baskets: readonly Line[][], sku: string) =>
  baskets.flat().reduce((units, line) => units + (line.sku === sku ? line.quantity : 0), 0);

/** A failure with what caused it: the database's own words are one level down. */
const told = (reason: unknown) => `${String(reason)} ${reason instanceof Error ? String(reason.cause) : ''}`;

const PLACES = 4;
const units = fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 }));
const shelf = fc.array(units, { minLength: PLACES, maxLength: PLACES });
const lines = fc.array(fc.tuple(fc.nat({ max: PLACES - 1 }), fc.integer({ min: 1, max: 4 })), {
  minLength: 1,
  maxLength: 4,
});

test('shoppers at once over few units: never oversold, never refused what was there, refused holds nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      shelf,
      fc.array(lines, { minLength: 2, maxLength: SHOPPERS_AT_ONCE }),
      async (stocked, baskets) => {
        const { basket, skus } = await shelves(stocked);
        const orders = baskets.map((each) => ({ id: uuidv7(), lines: basket(each) }));
        await Promise.all(orders.map((order) => reserve(order.id, order.lines)));

        const answered = await Promise.all(
          orders.map(async (order) => ({ ...order, answers: await answersTo(database, order.id) })),
        );
        expect(answered.every(({ answers }) => answers.length === 1)).toBe(true);
        const held = answered.filter(({ answers }) => answers[0]?.type === 'stock.reserved');
        const after = await totals(skus);
        const free = (sku: string) => (after.get(sku)?.onHand ?? 0) - (after.get(sku)?.reserved ?? 0);
        for (const [place, sku] of skus.entries()) {
          const [london, manchester] = stocked[place] as Units;
          const taken = unitsIn(
            held.map((order) => order.lines),
            sku,
          );
          expect(after.get(sku)).toEqual({ onHand: london + manchester, reserved: taken });
          expect(taken).toBeLessThanOrEqual(london + manchester);
        }
        for (const order of answered.filter((each) => !held.includes(each))) {
          expect(
            await database.sql`select 1 from reservation_units where order_id = ${order.id}`,
          ).toHaveLength(0);
          expect(order.lines.some(({ sku }) => unitsIn([order.lines], sku) > free(sku))).toBe(true);
        }
        await expectNoDiscrepancies(database);
      },
    ),
    { numRuns: 20 },
  );
});

test('two shoppers, one unit: one order', async () => {
  const { basket } = await shelves([[1, 0]]);
  const orders = Array.from({ length: SHOPPERS_AT_ONCE }, () => uuidv7());
  await Promise.all(orders.map((orderId) => reserve(orderId, basket([[0, 1]]))));
  const statuses = await Promise.all(orders.map(statusOf));
  expect(statuses.filter((status) => status === 'HELD')).toHaveLength(1);
  expect(statuses.filter((status) => status === 'REFUSED')).toHaveLength(SHOPPERS_AT_ONCE - 1);
});

type MessageKind = 'reserve' | 'release' | 'ship';
const messages = fc.array(fc.constantFrom<MessageKind>('reserve', 'release', 'ship'), {
  minLength: 1,
  maxLength: 6,
});

/** The state machine of domain/reservation.ts, written down once more. Null as an answer: the sender is at fault. */
const NEXT: Record<ReservationStatus | 'none', Record<MessageKind, readonly ReservationStatus[] | null>> = {
  none: { reserve: ['HELD', 'REFUSED'], release: ['RELEASED'], ship: null },
  HELD: { reserve: ['HELD'], release: ['RELEASED'], ship: ['SHIPPED'] },
  REFUSED: { reserve: ['REFUSED'], release: ['REFUSED'], ship: null },
  RELEASED: { reserve: ['RELEASED'], release: ['RELEASED'], ship: null },
  SHIPPED: { reserve: ['SHIPPED'], release: ['SHIPPED'], ship: ['SHIPPED'] },
};

async function expectLevels(
  stocked: readonly Units[],
  skus: readonly string[],
  orders: readonly { id: string; lines: Line[] }[],
) {
  const ended = await Promise.all(
    orders.map(async ({ id, lines: its }) => ({ lines: its, status: await statusOf(id) })),
  );
  const of = (status: ReservationStatus) =>
    ended.filter((order) => order.status === status).map((order) => order.lines);
  const after = await totals(skus);
  for (const [place, sku] of skus.entries()) {
    const [london, manchester] = stocked[place] as Units;
    expect(after.get(sku)).toEqual({
      onHand: london + manchester - unitsIn(of('SHIPPED'), sku),
      reserved: unitsIn(of('HELD'), sku),
    });
  }
  await expectNoDiscrepancies(database);
}

test('messages of many orders, each order’s in any order and any number: each moves units once', async () => {
  const order = fc.record({ lines, messages });
  await fc.assert(
    fc.asyncProperty(shelf, fc.array(order, { minLength: 1, maxLength: 8 }), async (stocked, drawn) => {
      const { basket, skus } = await shelves(stocked);
      const orders = drawn.map((each) => ({
        id: uuidv7(),
        lines: basket(each.lines),
        messages: each.messages,
      }));
      await Promise.all(
        orders.map(async ({ id, lines: its, messages: sent }) => {
          let status: ReservationStatus | 'none' = 'none';
          for (const kind of sent) {
            const handling =
              kind === 'reserve' ? reserve(id, its) : kind === 'release' ? release(id) : ship(id);
            const next: readonly ReservationStatus[] | null = NEXT[status][kind];
            if (next === null) {
              await expect(handling).rejects.toThrow('holds no units');
              continue;
            }
            await handling;
            const reached = await statusOf(id);
            expect(next).toContain(reached);
            status = reached ?? 'none';
          }
          const answers = await answersTo(database, id);
          for (const answer of answers) expect(answer).toEqual(answers[0]);
        }),
      );
      await expectLevels(stocked, skus, orders);
    }),
    { numRuns: 15 },
  );
});

test('even one order’s messages all at once move units once', async () => {
  const crowded = fc.array(fc.constantFrom<MessageKind>('reserve', 'release', 'ship'), {
    minLength: 4,
    maxLength: 8,
  });
  const order = fc.record({ lines, messages: crowded });
  await fc.assert(
    fc.asyncProperty(shelf, fc.array(order, { minLength: 1, maxLength: 4 }), async (stocked, drawn) => {
      const { basket, skus } = await shelves(stocked);
      const orders = drawn.map((each) => ({
        id: uuidv7(),
        lines: basket(each.lines),
        messages: each.messages,
      }));
      const handled = await Promise.allSettled(
        orders.flatMap(({ id, lines: its, messages: sent }) =>
          sent.map((kind) =>
            kind === 'reserve' ? reserve(id, its) : kind === 'release' ? release(id) : ship(id),
          ),
        ),
      );
      const failures = handled.filter((each) => each.status === 'rejected').map(({ reason }) => told(reason));
      expect(failures.filter((failure) => !failure.includes('holds no units'))).toEqual([]);
      for (const { id } of orders) {
        const answers = await answersTo(database, id);
        for (const answer of answers) expect(answer).toEqual(answers[0]);
      }
      await expectLevels(stocked, skus, orders);
    }),
    { numRuns: 15 },
  );
});
