/**
 * Writes platform/money/currencies.generated.ts from ISO 4217's own list one, which the package `currency-codes` carries,
 * and from what has been amended since it was published. Run again with every new version of the package.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Minor digits of currencies that came after the list. */
const BEGUN = { XCG: 2 };
/** Gone from use, in the list or before it; still read where something was stored in them. */
const ENDED = { ANG: 2, BGN: 2, CUC: 2, HRK: 2, SLL: 2, ZWL: 2 };
/** Units of account that the list does not mark as the funds they are. */
const FUNDS = new Set(['UYW']);

const xml = await readFile(
  createRequire(import.meta.url).resolve('currency-codes/iso-4217-list-one.xml'),
  'utf8',
);
const published = /Pblshd="([\d-]+)"/.exec(xml)?.[1];
if (published === undefined) throw new Error('The list does not say when it was published.');

const current = new Map<string, number>(Object.entries(BEGUN));
const others = new Map<string, number>(Object.entries(ENDED));
for (const [, entry = ''] of xml.matchAll(/<CcyNtry>(.*?)<\/CcyNtry>/gs)) {
  const code = /<Ccy>([A-Z]{3})<\/Ccy>/.exec(entry)?.[1];
  if (code === undefined || code in ENDED) continue;
  const digits = /<CcyMnrUnts>(\d)<\/CcyMnrUnts>/.exec(entry)?.[1];
  // Metals, baskets and codes for tests have no minor unit; they were counted in hundredths here.
  const isMoney = digits !== undefined && !entry.includes('IsFund="true"') && !FUNDS.has(code);
  (isMoney ? current : others).set(code, Number(digits ?? 2));
}

const table = (digits: ReadonlyMap<string, number>) =>
  [...digits]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, count]) => `  ${code}: ${count},`)
    .join('\n');

await writeFile(
  new URL('../platform/money/currencies.generated.ts', import.meta.url),
  `// Written by \`npm run generate\` from ISO 4217, list one, as published on ${published} and amended since.

/** How many decimal digits the currencies have that money is counted in today. */
export const CURRENCIES: Readonly<Record<string, number>> = {
${table(current)}
};

/** The same for what is no money of today: ended currencies, funds, metals, codes for tests. */
export const OTHER_CODES: Readonly<Record<string, number>> = {
${table(others)}
};
`,
);
console.log('platform/money/currencies.generated.ts written');
