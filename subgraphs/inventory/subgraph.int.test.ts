import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Message, NewMessage } from '#schema/messages.ts';
import { expectNoDiscrepancies, type InventoryUnderTest, levels, startInventory, stock } from './testing.ts';

let inventory: InventoryUnderTest;
/** What inventory says, by order, in its order. */
const said = new Map<string, Message[]>();
let heard = Promise.withResolvers<void>();
let listening: AsyncDisposable;

beforeAll(async () => {
  inventory = await startInventory();
  listening = await inventory.bus.consume({
    consumer: 'orders',
    types: ['stock.reserved', 'stock.refused'],
    async handle(message) {
      said.set(message.key, [...(said.get(message.key) ?? []), message]);
      heard.resolve();
      heard = Promise.withResolvers<void>();
    },
  });
});
afterAll(async () => {
  await listening[Symbol.asyncDispose]();
  await inventory[Symbol.asyncDispose]();
});

const message = (asked: NewMessage): Message =>
  ({ ...asked, id: uuidv7(), occurredAt: new Date().toISOString() }) as Message;
const ask = (asked: NewMessage) => inventory.bus.publish([message(asked)]);

async function answers(orderId: string, atLeast: number): Promise<Message[]> {
  for (;;) {
    const next = heard.promise;
    const answered = said.get(orderId) ?? [];
    if (answered.length >= atLeast) return answered;
    await next;
  }
}

test('over the bus: reserved, shipped; refused; the level a client reads moves with it', async () => {
  await stock(inventory.database, { BUSY: [3, 0] });
  const available = async () =>
    (await inventory.ask<{ variant: { available: number } }>('{ variant(sku: "BUSY") { available } }')).data
      .variant.available;
  const [first, second, third] = [uuidv7(), uuidv7(), uuidv7()];
  const reserve = (orderId: string, quantity: number): NewMessage => ({
    type: 'inventory.reserve-stock',
    key: orderId,
    payload: { orderId, lines: [{ sku: 'BUSY', quantity }] },
  });

  await ask(reserve(first, 2));
  expect(await answers(first, 1)).toMatchObject([
    {
      type: 'stock.reserved',
      payload: { lines: [{ sku: 'BUSY', quantity: 2, unitPrice: { minor: '1250' } }] },
    },
  ]);
  expect(await available()).toBe(1);

  await ask(reserve(second, 2));
  expect(await answers(second, 1)).toMatchObject([
    {
      type: 'stock.refused',
      payload: { refusals: [{ sku: 'BUSY', code: 'OUT_OF_STOCK', requested: 2, available: 1 }] },
    },
  ]);

  // Of one key, so handled in this order; the answer to the last tells that those before it are done.
  await ask({ type: 'inventory.ship-stock', key: first, payload: { orderId: first } });
  await ask(reserve(first, 2));
  await answers(first, 2);
  expect(await levels(inventory.database)).toEqual({ BUSY: { LDN: '0/1', MAN: '0/0' } });

  await ask(reserve(third, 1));
  expect(await answers(third, 1)).toMatchObject([{ type: 'stock.reserved' }]);
  expect(await available()).toBe(0);
  await expectNoDiscrepancies(inventory.database);
});

test('a message that the bus brings twice is handled once', async () => {
  await stock(inventory.database, { TWICE: [9, 0] });
  const [orderId, witness] = [uuidv7(), uuidv7()];
  const request = (id: string) =>
    message({
      type: 'inventory.reserve-stock',
      key: id,
      payload: { orderId: id, lines: [{ sku: 'TWICE', quantity: 4 }] },
    });
  const sent = request(orderId);
  await inventory.bus.publish([sent]);
  await answers(orderId, 1);
  await inventory.database.sql`delete from messaging.inbox where message_id = ${sent.id}`; // as if it had been forgotten
  await inventory.bus.publish([{ ...sent, id: uuidv7() }]);
  expect((await answers(orderId, 2)).map(({ payload }) => payload)).toEqual([
    (await answers(orderId, 2))[0]?.payload,
    (await answers(orderId, 2))[0]?.payload,
  ]);
  await inventory.bus.publish([request(witness)]);
  await answers(witness, 1);
  expect((await levels(inventory.database))['TWICE']).toEqual({ LDN: '8/9', MAN: '0/0' });
});
