import { uuidv7 } from 'uuidv7';
import type { Transaction } from '#platform/postgres/database.ts';
import { appendTransaction } from '../db/ledger.queries.ts';
import { insertOperation } from '../db/operation.queries.ts';
import type { PaymentRow } from '../db/tables.ts';
import { type OperationKind, TRANSACTION_KIND } from '../domain/payment.ts';

/** What one attempt's charge is known by at the provider. */
export const authorisationKey = (paymentId: string, attempt: number) =>
  keyOf('authorise', paymentId, attempt);

function keyOf(what: string, paymentId: string, attempt: number): string {
  return attempt === 1 ? `${what}:${paymentId}` : `${what}:${paymentId}:${attempt}`;
}

export interface OperationRequest {
  readonly kind: OperationKind;
  /** Of a REFUND; the other operations are about a whole authorisation, and there is one of each at most. */
  readonly refund?: { readonly id: string; readonly amountMinor: bigint };
}

/**
 * Has the provider asked, soon and outside this transaction: see run-operations.ts. Asking for what has been asked for
 * before does nothing. The payment's row lock must be held: it orders the operations of one payment.
 */
export async function queueOperation(
  tx: Transaction,
  payment: PaymentRow,
  { kind, refund }: OperationRequest,
): Promise<void> {
  const operationId = uuidv7();
  const amountMinor = refund?.amountMinor ?? payment.amountMinor;
  const isNew = await insertOperation(tx, {
    id: operationId,
    paymentId: payment.id,
    kind,
    amountMinor,
    refundId: refund?.id ?? null,
    attempt: payment.attempt,
    idempotencyKey:
      refund === undefined
        ? keyOf(kind.toLowerCase(), payment.id, payment.attempt)
        : `${kind.toLowerCase()}:${refund.id}`,
  });
  if (!isNew) return;
  await appendTransaction(tx, {
    paymentId: payment.id,
    operationId,
    kind: TRANSACTION_KIND[kind],
    amountMinor,
    currencyCode: payment.currencyCode,
    status: 'PENDING',
  });
}
