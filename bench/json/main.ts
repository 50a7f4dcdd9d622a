// What reading numbers exactly costs where none needs it: `npx node bench/json/main.ts`. An answer of 40 orders, the
// readers in turns, the best of several rounds of each, as a share of JSON.parse.
import { randomUUID } from 'node:crypto';
import { parseExactIntegers, parseExactJson } from '#gateway/json/exact-json.ts';

const ROUNDS = 30;
const READS = 1_000;

const orders = Array.from({ length: 40 }, (_, index) => ({
  __typename: 'Order',
  id: randomUUID(),
  version: index,
  createdAt: new Date().toISOString(),
  total: { amount: (index * 3.25).toFixed(2), currencyCode: 'EUR' },
  rating: 4.5,
  customer: { name: 'Some customer, with 12 characters and more' },
  lines: [
    { sku: `ABC-${index}`, quantity: index },
    { sku: `ABD-${index}`, quantity: 2 },
  ],
}));
const plain = JSON.stringify({ data: { orders } });
const long = plain.replace('"version":7', '"version":9007199254740993');

const readers: Readonly<Record<string, () => unknown>> = {
  'JSON.parse': () => JSON.parse(plain),
  'built-in leaves alone': () => parseExactIntegers(plain),
  'with custom scalars': () => parseExactJson(plain),
  'one number that needs it': () => parseExactJson(long),
};

function microseconds(read: () => unknown): number {
  const started = performance.now();
  for (let i = 0; i < READS; i += 1) read();
  return ((performance.now() - started) / READS) * 1_000;
}

const best = new Map<string, number>();
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, read] of Object.entries(readers))
    best.set(name, Math.min(best.get(name) ?? Infinity, microseconds(read)));
}
const least = best.get('JSON.parse') ?? Number.NaN;
console.log(`an answer of ${plain.length} bytes`);
for (const [name, us] of best)
  console.log(`${name.padEnd(26)} ${us.toFixed(1).padStart(7)} us  ${(us / least).toFixed(2)} x`);
