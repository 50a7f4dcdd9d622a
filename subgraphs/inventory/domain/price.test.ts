import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agreedPrice, type PriceVersion, priceAt } from './price.ts';

const pounds = (minor: number) => ({ minor: BigInt(minor), currencyCode: 'GBP' });
const at = (ms: number) => new Date(ms);
const version = (minor: number, from: number): PriceVersion => ({
  price: pounds(minor),
  validFrom: at(from),
});
const tolerance = { quotedMs: 100, clockSkewMs: 10 };

/** 10.00 from 1000 on, 12.00 from 2000, 9.00 from 3000. */
const history = [version(1000, 1000), version(1200, 2000), version(900, 3000)];

test('a price holds from its moment on until the next one’s', () => {
  expect(
    [999, 1000, 1999, 2000, 2999, 3000, 9999].map((ms) => Number(priceAt(history, at(ms)).minor)),
  ).toEqual([1000, 1000, 1000, 1200, 1200, 900, 900]);
});

describe('a price that the customer was quoted', () => {
  test.each([
    ['is the present one', 1200, 2500, 1200],
    ['has ended a moment ago', 1000, 2050, 1000],
    ['has ended too long ago', 1000, 2100, 1200],
    ['begins within the difference of the clocks', 1200, 1990, 1200],
    ['begins later than that', 1200, 1989, 1000],
    ['was never offered', 1, 2500, 1200],
  ])('that %s', (_, quoted, placedAt, expected) => {
    expect(agreedPrice(history, at(placedAt), pounds(quoted), tolerance)).toEqual(pounds(expected));
  });

  test('in another currency is another price', () => {
    const euros = { minor: 1200n, currencyCode: 'EUR' };
    expect(agreedPrice(history, at(2500), euros, tolerance)).toEqual(pounds(1200));
  });
});

test('nobody is ever charged what was not offered, and a quote that is kept is one that was', () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 8 });
  const price = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(
      times,
      fc.array(price, { minLength: 8, maxLength: 8 }),
      fc.nat(1200),
      price,
      (from, prices, now, quoted) => {
        const versions = from.toSorted((a, b) => a - b).map((ms, n) => version(prices[n] ?? 1, ms));
        const agreed = agreedPrice(versions, at(now), pounds(quoted), tolerance);
        const offeredThen = [now - 99, now, now + 10].flatMap((ms) =>
          versions.filter(({ validFrom }) => validFrom.getTime() <= ms).slice(-1),
        );
        const inBetween = versions.filter(
          ({ validFrom }) => validFrom >= at(now - 99) && validFrom <= at(now + 10),
        );
        const possible = [...offeredThen, ...inBetween, ...versions.slice(0, 1)].map(
          (each) => each.price.minor,
        );
        expect(possible).toContain(agreed.minor);
        if (agreed.minor !== BigInt(quoted)) expect(agreed).toEqual(priceAt(versions, at(now)));
      },
    ),
  );
});
