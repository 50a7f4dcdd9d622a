import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MESSAGES } from '#schema/messages.ts';
import { lineName, type Offer, refused, reserved, unitsBySku } from './reservation.ts';

const ORDER_ID = '01990000-0000-7000-8000-000000000001';
const offer = (sku: string, minor: bigint): Offer => ({
  variantId: `id of ${sku}`,
  sku,
  productName: 'Stoneware mug',
  variantName: 'blue',
  price: { minor, currencyCode: 'GBP' },
});

test('baskets of the same goods are taken in the same order, however they were filled', () => {
  const line = fc.record({
    sku: fc.constantFrom('B-1', 'a', 'B-10', 'A', 'Z-2'),
    quantity: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      const units = unitsBySku(lines);
      expect(unitsBySku(lines.toReversed())).toEqual(units);
      expect(units.map(([sku]) => sku)).toEqual([...new Set(lines.map(({ sku }) => sku))].sort());
      expect(units.reduce((all, [, quantity]) => all + quantity, 0)).toBe(
        lines.reduce((all, { quantity }) => all + quantity, 0),
      );
    }),
  );
});

test('the answer has a line for each line asked for, in its order, with name and price as they are now', () => {
  const answer = reserved(
    ORDER_ID,
    [
      { sku: 'B', quantity: 2 },
      { sku: 'A', quantity: 1 },
    ],
    new Map([
      ['A', offer('A', 100n)],
      ['B', offer('B', 250n)],
    ]),
  );
  expect(answer).toEqual({
    type: 'stock.reserved',
    key: ORDER_ID,
    payload: {
      orderId: ORDER_ID,
      lines: [
        {
          sku: 'B',
          name: 'Stoneware mug, blue',
          quantity: 2,
          unitPrice: { minor: '250', currencyCode: 'GBP' },
        },
        {
          sku: 'A',
          name: 'Stoneware mug, blue',
          quantity: 1,
          unitPrice: { minor: '100', currencyCode: 'GBP' },
        },
      ],
    },
  });
  expect(MESSAGES['stock.reserved'].safeParse(answer.payload).success).toBe(true);
});

test('a line that nobody offers is never answered as reserved', () => {
  expect(() => reserved(ORDER_ID, [{ sku: 'GONE', quantity: 1 }], new Map())).toThrow('GONE');
});

test('a refusal carries every SKU at fault and keeps to the contract of messages', () => {
  const refusals = [
    { sku: 'A', code: 'OUT_OF_STOCK' as const, requested: 3, available: 1 },
    { sku: 'B', code: 'UNKNOWN_SKU' as const, requested: 1, available: 0 },
  ];
  const answer = refused(ORDER_ID, refusals);
  expect(answer.payload).toEqual({ orderId: ORDER_ID, refusals });
  expect(MESSAGES['stock.refused'].safeParse(answer.payload).success).toBe(true);
});

test('a line reads as product, then variant', () => {
  expect(lineName({ productName: 'Oak Chopping Board', variantName: 'Small, 30 × 20 cm' })).toBe(
    'Oak Chopping Board, Small, 30 × 20 cm',
  );
});
