import { expect, test } from 'vitest';
import { availabilityOf, publicUnits } from './availability.ts';

test('the public is told exactly of few units, of many only how many there are at least, and never of more', () => {
  const told = [0, 1, 9, 10, 11, 19, 20, 49, 50, 99, 100, 1060].map((units) => publicUnits(units));
  expect(told).toEqual([0, 1, 9, 10, 10, 10, 20, 20, 50, 50, 100, 100]);
});

test('few is low, none is out', () => {
  expect([0, 1, 10, 11].map((units) => availabilityOf(units))).toEqual([
    'OUT_OF_STOCK',
    'LOW_STOCK',
    'LOW_STOCK',
    'IN_STOCK',
  ]);
});
