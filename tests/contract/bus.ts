import { uuidv7 } from 'uuidv7';
import { describe, expect, test } from 'vitest';
import type { Bus } from '#platform/messaging/bus.ts';
import type { Message } from '#schema/messages.ts';

/** A bus under test, and how to become another process that talks to the same one. */
export interface BusUnderTest extends AsyncDisposable {
  connect(): Promise<Bus>;
}

/** What every bus promises. @param open gives an empty bus. */
export function describeBus(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`${name} keeps the promises of a bus`, () => {
    test('a consumer gets every message of its types, also those from before it came', async () => {
      await using bus = await open();
      const client = await bus.connect();
      const [first, other, last] = [release('a'), ship('a'), release('b')];
      await client.publish([first, other]);
      const seen = collect(2);
      await client.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        handle: seen.handle,
      });
      await client.publish([last]);
      expect(ids(await seen.all)).toEqual(ids([first, last]));
    });

    test('messages of one key come in their order, one after another', async () => {
      await using bus = await open();
      const client = await bus.connect();
      const messages = Array.from({ length: 60 }, (_, n) => release(`key-${n % 3}`));
      let overlapped = false;
      const busy = new Set<string>();
      const seen = collect(messages.length, async ({ key }) => {
        overlapped ||= busy.has(key);
        busy.add(key);
        await new Promise(setImmediate);
        busy.delete(key);
      });
      await client.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        handle: seen.handle,
      });
      for (let n = 0; n < messages.length; n += 7) await client.publish(messages.slice(n, n + 7));
      const received = await seen.all;
      expect(overlapped).toBe(false);
      for (const key of ['key-0', 'key-1', 'key-2']) {
        expect(ids(received.filter((message) => message.key === key))).toEqual(
          ids(messages.filter((message) => message.key === key)),
        );
      }
    });

    test('who asks whether others have caught up is told once they have, or that they have not in time', async () => {
      await using bus = await open();
      const client = await bus.connect();
      const caughtUp = (withinMs: number, consumers = ['inventory']) =>
        client.caughtUp({ type: 'inventory.release-stock', consumers, withinMs });
      expect(await caughtUp(0)).toBe(true); // there is nothing to catch up with
      const held = Promise.withResolvers<void>();
      await client.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        handle: () => held.promise,
      });
      await client.publish([release('a')]);
      expect(await caughtUp(20)).toBe(false);
      const later = caughtUp(10_000);
      held.resolve();
      expect(await later).toBe(true);
      expect(await caughtUp(0, ['nobody'])).toBe(true);
    });

    test('a message published twice is kept once', async () => {
      await using bus = await open();
      const client = await bus.connect();
      const [twice, after] = [release('a'), release('a')];
      await client.publish([twice]);
      await client.publish([twice, after]);
      const seen = collect(2);
      await client.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        handle: seen.handle,
      });
      expect(ids(await seen.all)).toEqual(ids([twice, after]));
    });

    test('a message whose handling fails comes again, and holds up nobody else', async () => {
      await using bus = await open();
      const client = await bus.connect();
      const [failing, behind, elsewhere] = [release('a'), release('a'), release('b')];
      const handled: Message[] = [];
      const elsewhereDone = Promise.withResolvers<void>();
      const allDone = Promise.withResolvers<void>();
      let failures = 0;
      await client.publish([failing, behind, elsewhere]);
      await client.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        async handle(message) {
          if (message.id === failing.id && failures < 2) {
            failures++;
            await elsewhereDone.promise;
            throw new Error('not now');
          }
          handled.push(message);
          if (message.id === elsewhere.id) elsewhereDone.resolve();
          if (handled.length === 3) allDone.resolve();
        },
      });
      await allDone.promise;
      expect(failures).toBe(2);
      expect(ids(handled)).toEqual(ids([elsewhere, failing, behind]));
    });

    test('a consumer goes on where it left off, and what it had not finished comes again', async () => {
      await using bus = await open();
      const first = await bus.connect();
      const messages = Array.from({ length: 10 }, (_, n) => release(`key-${n}`));
      await first.publish(messages);
      const stuck = messages[6] as Message;
      const others = collect(9);
      const consuming = await first.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        handle: (message, signal) =>
          message.id === stuck.id
            ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
            : others.handle(message),
      });
      await others.all;
      await consuming[Symbol.asyncDispose]();

      const second = await bus.connect();
      const again: Message[] = [];
      const stuckCame = Promise.withResolvers<void>();
      await second.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        async handle(message) {
          again.push(message);
          if (message.id === stuck.id) stuckCame.resolve();
        },
      });
      await stuckCame.promise;
      expect(ids(again)).not.toContain(messages[0]?.id);
    });

    test('two consumers each get every message; two processes of one consumer share them', async () => {
      await using bus = await open();
      const [one, two] = [await bus.connect(), await bus.connect()];
      const messages = Array.from({ length: 20 }, (_, n) => release(`key-${n}`));
      const inventory = collect(20);
      const payments = collect(20);
      await one.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        handle: inventory.handle,
      });
      await two.consume({
        consumer: 'inventory',
        types: ['inventory.release-stock'],
        handle: inventory.handle,
      });
      await two.consume({
        consumer: 'payments',
        types: ['inventory.release-stock'],
        handle: payments.handle,
      });
      await one.publish(messages);
      expect(ids(await inventory.all).toSorted()).toEqual(ids(messages).toSorted());
      expect(ids(await payments.all).toSorted()).toEqual(ids(messages).toSorted());
    });

    test('another process takes over when one stops', async () => {
      await using bus = await open();
      const [one, two] = [await bus.connect(), await bus.connect()];
      const before = collect(1);
      const after = collect(1);
      await one.consume({ consumer: 'inventory', types: ['inventory.release-stock'], handle: before.handle });
      await one.publish([release('a')]);
      await before.all;
      await two.consume({ consumer: 'inventory', types: ['inventory.release-stock'], handle: after.handle });
      await one[Symbol.asyncDispose]();
      const late = release('b');
      await two.publish([late]);
      expect(ids(await after.all)).toEqual([late.id]);
    });
  });
}

const ORDER_ID = '0190a000-0000-7000-8000-000000000001';

function release(key: string): Message<'inventory.release-stock'> {
  return {
    id: uuidv7(),
    type: 'inventory.release-stock',
    key,
    occurredAt: new Date().toISOString(),
    payload: { orderId: ORDER_ID },
  };
}

function ship(key: string): Message<'inventory.ship-stock'> {
  return { ...release(key), type: 'inventory.ship-stock' };
}

const ids = (messages: readonly Message[]) => messages.map((message) => message.id);

/** A handler that gathers what it gets; `all` resolves once `count` have come. */
function collect(count: number, work: (message: Message) => Promise<void> = async () => {}) {
  const received: Message[] = [];
  const { promise, resolve } = Promise.withResolvers<Message[]>();
  return {
    all: promise,
    async handle(message: Message) {
      received.push(message);
      await work(message);
      if (received.length === count) resolve(received);
    },
  };
}
