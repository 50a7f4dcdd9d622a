/** What this subgraph's own tests stand on: the real subgraph on a database of its own, and stock to play with. */
import { uuidv7 } from 'uuidv7';
import { expect } from 'vitest';
import { createPostgresBus } from '#platform/messaging/postgres-bus.ts';
import type { Bus } from '#platform/messaging/bus.ts';
import { type Database, openDatabase } from '#platform/postgres/database.ts';
import { GATEWAY_SECRET_HEADER } from '#platform/server/request-context.ts';
import { createLogger } from '#platform/process/logger.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { createTestTokens, type TestTokens } from '#tests/support/tokens.ts';
import { insertProducts } from './db/catalogue.queries.ts';
import { findWarehouses, receiveUnits } from './db/stock.queries.ts';
import { warehouses } from './db/tables.ts';
import { createInventorySubgraph } from './subgraph.ts';

const GATEWAY_SECRET = 'the gateway of this test';

/** @template Data what the test's own query asks for. */
interface Answer<Data> {
  readonly data: Data;
  readonly errors?: { message: string; extensions: { code: string } }[];
}

export interface InventoryUnderTest extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly bus: Bus;
  readonly tokens: TestTokens;
  /** Asks as the gateway does. */
  ask<Data = unknown>(query: string, variables?: object, authorization?: string): Promise<Answer<Data>>;
}

/** The subgraph, listening on a free port. @param given a database to use instead of a new one; stays the caller's. */
export async function startInventory(given?: TestDatabase): Promise<InventoryUnderTest> {
  await using opening = new AsyncDisposableStack();
  const database = given ?? opening.use(await cloneDatabase('inventory'));
  const logger = createLogger('inventory', 'silent');
  const bus = opening.use(createPostgresBus({ database: opening.use(await cloneDatabase('bus')), logger }));
  const tokens = await createTestTokens();
  const { verifyToken } = tokens;
  const subgraph = opening.use(
    await createInventorySubgraph({ database, bus, verifyToken, gatewaySecret: GATEWAY_SECRET, logger }),
  );
  const port = await subgraph.listen({ host: '127.0.0.1', port: 0 });
  const opened = opening.move();
  return {
    database,
    bus,
    tokens,
    async ask<Data>(query: string, variables?: object, authorization?: string) {
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          [GATEWAY_SECRET_HEADER]: GATEWAY_SECRET,
          ...(authorization !== undefined && { authorization }),
        },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer<Data>;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The same database over a pool of its own, with the statements it is sent written down. */
export function withStatements(database: TestDatabase): { database: TestDatabase; statements: string[] } {
  const statements: string[] = [];
  const watched = openDatabase({
    url: database.url,
    applicationName: 'watched',
    onStatement: (text) => statements.push(text),
  });
  return { database: { ...watched, sql: database.sql }, statements };
}

/** Units on hand in London and in Manchester. */
export type Units = readonly [london: number, manchester: number];

/** A product for each SKU, `12.50 GBP` a piece, with its units in the warehouses LDN and MAN. */
export async function stock({ db }: Database, unitsBySku: Readonly<Record<string, Units>>): Promise<void> {
  await db.transaction(async (tx) => {
    const both = [
      { id: uuidv7(), code: 'LDN', name: 'London' },
      { id: uuidv7(), code: 'MAN', name: 'Manchester' },
    ];
    await tx.insert(warehouses).values(both).onConflictDoNothing({ target: warehouses.code });
    const price = { minor: 1250n, currencyCode: 'GBP' };
    const stored = await insertProducts(
      tx,
      Object.keys(unitsBySku).map((sku) => ({
        id: uuidv7(),
        name: `Product ${sku}`,
        description: 'Made for a test.',
        variants: [{ sku, name: 'plain', price }],
      })),
    );
    const ids = (await findWarehouses(tx)).map(({ id }) => id);
    const receipts = stored.flatMap(({ id: variantId, sku }) =>
      ids.map((warehouseId, place) => ({ variantId, warehouseId, quantity: unitsBySku[sku]?.[place] ?? 0 })),
    );
    await receiveUnits(tx, receipts, 'for a test');
  });
}

/** `{ 'SKU-1': { LDN: 'reserved/on hand', MAN: '0/5' } }` */
export async function levels({
  sql,
}: Pick<TestDatabase, 'sql'>): Promise<Record<string, Record<string, string>>> {
  const rows = await sql<{ sku: string; code: string; level: string }[]>`
    select v.sku, w.code, l.reserved || '/' || l.on_hand as level
    from stock_levels l join variants v on v.id = l.variant_id join warehouses w on w.id = l.warehouse_id`;
  const bySku: Record<string, Record<string, string>> = {};
  for (const { sku, code, level } of rows) bySku[sku] = { ...bySku[sku], [code]: level };
  return bySku;
}

/** Fails where a level is not what the ledger and the reservations make it. */
export async function expectNoDiscrepancies({ sql }: Pick<TestDatabase, 'sql'>): Promise<void> {
  expect([...(await sql`select * from stock_discrepancies`)]).toEqual([]);
}

/** What the subgraph has said about an order and not yet handed to the bus, oldest first. */
export async function answersTo(
  { sql }: Pick<TestDatabase, 'sql'>,
  orderId: string,
): Promise<{ type: string; payload: unknown }[]> {
  return [
    ...(await sql<{ type: string; payload: unknown }[]>`
      select type, payload from messaging.outbox where key = ${orderId} order by position`),
  ];
}
