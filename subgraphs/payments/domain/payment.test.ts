import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decideRefund,
  forbids,
  latestOfEach,
  type OperationKind,
  type PaymentStatus,
  settle,
  shownStatus,
} from './payment.ts';

const nothing = { capturedMinor: 0n, refundingMinor: 0n, refundedMinor: 0n };
const unavailable = { kind: 'unavailable', message: 'no answer' } as const;

test('what a client sees of a captured payment follows from how much was paid back, not from what is on its way', () => {
  const captured = {
    status: 'CAPTURED',
    capturedMinor: 100n,
    refundingMinor: 0n,
    refundedMinor: 0n,
  } as const;
  expect(shownStatus(captured)).toBe('CAPTURED');
  expect(shownStatus({ ...captured, refundingMinor: 100n })).toBe('CAPTURED');
  expect(shownStatus({ ...captured, refundedMinor: 1n })).toBe('PARTIALLY_REFUNDED');
  expect(shownStatus({ ...captured, refundedMinor: 100n })).toBe('REFUNDED');
  expect(shownStatus({ ...nothing, status: 'VOIDED' })).toBe('VOIDED');
});

test('each operation is put to the provider in the statuses that allow it and in no other', () => {
  const statuses: PaymentStatus[] = ['PENDING', 'AUTHORISED', 'DECLINED', 'CAPTURED', 'VOIDED'];
  const allowed = (kind: OperationKind) => statuses.filter((status) => forbids(status, kind) === null);
  expect(allowed('AUTHORISE')).toEqual(['PENDING']);
  expect(allowed('CAPTURE')).toEqual(['AUTHORISED']);
  expect(allowed('VOID')).toEqual(['AUTHORISED', 'DECLINED']);
  expect(allowed('REFUND')).toEqual(['CAPTURED']);
});

test('no answer to an authorisation: asked again, and when there is no more time declined, with a void for what may be held', () => {
  expect(settle('AUTHORISE', 'PENDING', unavailable, false)).toBeNull();
  expect(settle('AUTHORISE', 'PENDING', unavailable, true)).toMatchObject({
    status: 'FAILED',
    change: { type: 'declined', code: 'UNAVAILABLE' },
    reply: { type: 'payment.declined', code: 'UNAVAILABLE' },
    thenVoid: true,
  });
});

test('no answer to anything else is asked again for as long as it takes', () => {
  expect(settle('CAPTURE', 'AUTHORISED', unavailable, true)).toBeNull();
  expect(settle('VOID', 'DECLINED', unavailable, true)).toBeNull();
  expect(settle('REFUND', 'CAPTURED', unavailable, true)).toBeNull();
});

test('the void after an unknown authorisation leaves the payment DECLINED', () => {
  expect(settle('VOID', 'DECLINED', { kind: 'succeeded' }, false)).toMatchObject({
    status: 'SUCCEEDED',
    change: null,
  });
  expect(settle('VOID', 'AUTHORISED', { kind: 'succeeded' }, false)).toMatchObject({
    change: { type: 'voided' },
  });
});

test('a void of a captured payment moves nothing', () => {
  const forbidden = { kind: 'forbidden', message: forbids('CAPTURED', 'VOID') ?? '' } as const;
  expect(settle('VOID', 'CAPTURED', forbidden, false)).toEqual({
    status: 'FAILED',
    detail: 'VOID of a payment that is CAPTURED.',
    change: null,
    reply: null,
    thenVoid: false,
  });
});

test('an authorisation of what was voided before tells the order, and changes nothing', () => {
  expect(settle('AUTHORISE', 'VOIDED', { kind: 'forbidden', message: '' }, false)).toMatchObject({
    status: 'FAILED',
    change: null,
    reply: { type: 'payment.declined', code: 'DECLINED' },
  });
});

test('accepted refunds never come to more than what was captured, in whatever order they are asked for and answered', () => {
  const step = fc.oneof(
    fc.record({ ask: fc.option(fc.bigInt({ min: 1n, max: 120n })) }),
    fc.record({ answer: fc.nat(5), succeeds: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 100n }), fc.array(step), (capturedMinor, steps) => {
      const payment = { ...nothing, status: 'CAPTURED' as const, capturedMinor };
      const open: bigint[] = [];
      for (const what of steps) {
        if ('ask' in what) {
          const decision = decideRefund(payment, what.ask);
          if (decision.kind === 'refused') continue;
          expect(decision.amountMinor).toBeGreaterThan(0n);
          payment.refundingMinor += decision.amountMinor;
          open.push(decision.amountMinor);
        } else {
          const [amount] = open.splice(what.answer, 1);
          if (amount === undefined) continue;
          payment.refundingMinor -= amount;
          if (what.succeeds) payment.refundedMinor += amount;
        }
        expect(payment.refundedMinor + payment.refundingMinor).toBeLessThanOrEqual(capturedMinor);
      }
    }),
  );
});

test('a refund is refused for its status where nothing was captured or all is paid back, otherwise for its amount', () => {
  const captured = {
    status: 'CAPTURED',
    capturedMinor: 100n,
    refundingMinor: 0n,
    refundedMinor: 40n,
  } as const;
  expect(decideRefund(captured, null)).toEqual({ kind: 'accepted', amountMinor: 60n });
  expect(decideRefund(captured, 60n)).toEqual({ kind: 'accepted', amountMinor: 60n });
  expect(decideRefund(captured, 61n)).toEqual({ kind: 'refused', code: 'AMOUNT_TOO_LARGE' });
  expect(decideRefund({ ...captured, refundingMinor: 60n }, null)).toEqual({
    kind: 'refused',
    code: 'AMOUNT_TOO_LARGE',
  });
  expect(decideRefund({ ...captured, refundedMinor: 100n }, 1n)).toEqual({
    kind: 'refused',
    code: 'INVALID_STATUS',
  });
  expect(decideRefund({ ...nothing, status: 'AUTHORISED' }, 1n)).toEqual({
    kind: 'refused',
    code: 'INVALID_STATUS',
  });
});

test('of each operation the latest entry is seen, in the place of its first', () => {
  const entry = (operationId: string, status: string) => ({ operationId, status });
  const ledger = [entry('a', 'PENDING'), entry('b', 'PENDING'), entry('a', 'SUCCEEDED')];
  expect(latestOfEach(ledger)).toEqual([entry('a', 'SUCCEEDED'), entry('b', 'PENDING')]);
});
