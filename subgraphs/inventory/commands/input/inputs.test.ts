import { expect, test } from 'vitest';
import { price } from './inputs.ts';
import { searchTerms } from '../../domain/search-terms.ts';

test('a price is more than nothing and in the digits of its currency', () => {
  const pounds = (amount: string) => price.safeParse({ amount, currencyCode: 'GBP' });
  expect(pounds('12.50').data).toEqual({ minor: 1250n, currencyCode: 'GBP' });
  expect(pounds('12.5').data).toEqual({ minor: 1250n, currencyCode: 'GBP' });
  for (const amount of ['0', '0.00', '-1', '1.999', '100000000000.00', 'ten'])
    expect({ amount, is: pounds(amount).success }).toEqual({ amount, is: false });
  expect(price.safeParse({ amount: '150', currencyCode: 'JPY' }).data).toEqual({
    minor: 150n,
    currencyCode: 'JPY',
  });
  expect(price.safeParse({ amount: '1.5', currencyCode: 'JPY' }).success).toBe(false);
});

test('a search is its words, each once, ten at most; short ones are forgiven less', () => {
  const words = (search: string) => searchTerms(search).map(({ word }) => word);
  expect(words('  Oak, oak & “Linen” TEA-EARL-100 ')).toEqual(['oak', 'linen', 'tea', 'earl', '100']);
  expect(words('cafetière')).toEqual(['cafetière']);
  expect(words('?!')).toEqual([]);
  expect(words(Array.from({ length: 50 }, (_, n) => `w${n}`).join(' '))).toHaveLength(10);
  const [short, long] = searchTerms('oak keyboard');
  expect(short?.similarity).toBeGreaterThan(long?.similarity ?? 1);
});
