import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import type { AuthoriseCall, PaymentProvider } from './provider.ts';
import { createSimulator } from './simulator.ts';

const SLOW_MS = 200;
const amount = { minor: 5_000n, currencyCode: 'GBP' };
const signal = AbortSignal.timeout(60_000);

/** An answer that says until when the amount is held. */
const authorised = { kind: 'succeeded', holdEndsAt: expect.stringMatching(/^\d{4}-.*Z$/) };

/** One for all: each test has charges of its own. */
let database: TestDatabase;
let simulator: PaymentProvider & AsyncDisposable;
beforeAll(async () => {
  database = await cloneDatabase('payments');
  simulator = await createSimulator({ url: database.url, slowMs: SLOW_MS });
});
afterAll(async () => {
  await simulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function movementsOf({ authorisationKey }: AuthoriseCall): Promise<string[]> {
  const rows = await database.sql<{ entry: string }[]>`
    select kind || ' ' || amount_minor as entry from simulator.movements where authorisation_key = ${authorisationKey} order by position`;
  return rows.map(({ entry }) => entry);
}

function newCharge(paymentMethod: string): AuthoriseCall {
  const key = `authorise:${uuidv7()}`;
  return { idempotencyKey: key, authorisationKey: key, reference: uuidv7(), amount, paymentMethod };
}

const later = ({ authorisationKey }: AuthoriseCall, what: string) => ({
  idempotencyKey: `${what}:${authorisationKey}`,
  authorisationKey,
});

test('a key that it has had is answered as before and moves nothing, also from another instance and when both come at once', async () => {
  await using other = await createSimulator({ url: database.url });
  const charge = newCharge('tok_visa');
  const capture = { ...later(charge, 'capture'), amount };
  const answers = await Promise.all(
    [simulator, other, simulator].map((any) => any.authorise(charge, signal)),
  );
  expect(answers).toEqual(Array.from({ length: 3 }, () => authorised));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  await Promise.all([simulator, other].map((any) => any.capture(capture, signal)));
  expect(await movementsOf(charge)).toEqual(['HOLD 5000', 'CAPTURE 5000']);
});

test('a key with another call is declined', async () => {
  const charge = newCharge('tok_visa');
  await simulator.authorise(charge, signal);
  expect(await simulator.authorise({ ...charge, amount: { ...amount, minor: 1n } }, signal)).toMatchObject({
    kind: 'declined',
  });
  expect(await movementsOf(charge)).toEqual(['HOLD 5000']);
});

test('tok_slow takes its time, and a void in the meantime is the last word', async () => {
  const began = performance.now();
  expect(await simulator.authorise(newCharge('tok_slow'), signal)).toEqual(authorised);
  expect(performance.now() - began).toBeGreaterThanOrEqual(SLOW_MS - 5);

  const charge = newCharge('tok_slow');
  const thinking = simulator.authorise(charge, signal);
  expect(await simulator.void(later(charge, 'void'), signal)).toEqual({ kind: 'succeeded' });
  expect(await thinking).toMatchObject({ kind: 'declined' });
  expect(await movementsOf(charge)).toEqual([]);
});

test('a void before its authorisation makes sure that nothing is held', async () => {
  const charge = newCharge('tok_visa');
  expect(await simulator.void(later(charge, 'void'), signal)).toEqual({ kind: 'succeeded' });
  expect(await simulator.authorise(charge, signal)).toMatchObject({ kind: 'declined' });
  expect(await movementsOf(charge)).toEqual([]);
});

test('tok_flaky loses the first call of each key; tok_answer_lost holds without ever saying so', async () => {
  const flaky = newCharge('tok_flaky');
  expect(await simulator.authorise(flaky, signal)).toMatchObject({ kind: 'unavailable' });
  expect(await movementsOf(flaky)).toEqual([]);
  expect(await simulator.authorise(flaky, signal)).toEqual(authorised);

  const lost = newCharge('tok_answer_lost');
  expect(await simulator.authorise(lost, signal)).toMatchObject({ kind: 'unavailable' });
  expect(await movementsOf(lost)).toEqual(['HOLD 5000']);
});

test('its books never take more than is held, nor pay back more than was taken', async () => {
  const charge = newCharge('tok_visa');
  const refund = (n: number, minor: bigint) =>
    simulator.refund({ ...later(charge, `refund-${n}`), amount: { ...amount, minor } }, signal);
  await simulator.authorise(charge, signal);
  expect(await refund(1, 1n)).toMatchObject({ kind: 'declined' });
  expect(
    await simulator.capture(
      { ...later(charge, 'capture-more'), amount: { ...amount, minor: 5_001n } },
      signal,
    ),
  ).toMatchObject({ kind: 'declined' });
  expect(await simulator.capture({ ...later(charge, 'capture'), amount }, signal)).toEqual({
    kind: 'succeeded',
  });
  expect(await simulator.void(later(charge, 'void'), signal)).toMatchObject({ kind: 'declined' });
  expect(await refund(2, 4_000n)).toEqual({ kind: 'succeeded' });
  expect(await refund(3, 1_001n)).toMatchObject({ kind: 'declined' });
  expect(await refund(4, 1_000n)).toEqual({ kind: 'succeeded' });
  expect(await movementsOf(charge)).toEqual(['HOLD 5000', 'CAPTURE 5000', 'REFUND 4000', 'REFUND 1000']);
});

test('an amount is held until the time it says, and cannot be taken after it', async () => {
  await using forgetful = await createSimulator({ url: database.url, holdMs: 0 });
  const charge = newCharge('tok_visa');
  const before = Date.now();
  const answer = await forgetful.authorise(charge, signal);
  const endsAt = 'holdEndsAt' in answer ? Date.parse(answer.holdEndsAt ?? '') : Number.NaN;
  expect(endsAt).toBeGreaterThanOrEqual(before);
  await database.sql`select pg_sleep(0.002)`;
  expect(await forgetful.capture({ ...later(charge, 'capture'), amount }, signal)).toMatchObject({
    kind: 'declined',
  });
  expect(await movementsOf(charge)).toEqual(['HOLD 5000']);
});

test.each([
  ['tok_declined', { kind: 'declined', code: 'DECLINED' }],
  ['tok_insufficient_funds', { kind: 'declined', code: 'INSUFFICIENT_FUNDS' }],
  ['tok_provider_down', { kind: 'unavailable' }],
  ['toString', { kind: 'declined', code: 'DECLINED' }],
])('%s holds nothing', async (token, answer) => {
  const charge = newCharge(token);
  expect(await simulator.authorise(charge, signal)).toMatchObject(answer);
  expect(await movementsOf(charge)).toEqual([]);
});
