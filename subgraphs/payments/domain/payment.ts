/**
 * What a payment is, and what follows from a provider's answer. Pure: no clock, no database.
 *
 *   PENDING ──▶ AUTHORISED ──▶ CAPTURED (from then on refunds move its amounts, not its status)
 *    ▲ │             ├───────▶ VOIDED
 *    │ │             └───────▶ EXPIRED   before the provider lets go of the amount by itself
 *    │ └──▶ DECLINED                     also where an order let go of its payment before it asked for it
 *    └──── authorised once more: from DECLINED, from EXPIRED, and from AUTHORISED where the capture was refused
 *
 * A capture that was refused leaves the payment AUTHORISED, with the reason. Each authorisation after the first is a
 * further attempt, with a charge of its own at the provider; what may be held by the one before is let go of first.
 *
 * Operations of one payment are put to the provider one after another, so each is decided on the status that those
 * before it left behind.
 */

export type PaymentStatus = 'PENDING' | 'AUTHORISED' | 'DECLINED' | 'CAPTURED' | 'VOIDED' | 'EXPIRED';
export type OperationKind = 'AUTHORISE' | 'CAPTURE' | 'VOID' | 'REFUND';
export type TransactionKind = 'AUTHORISATION' | 'CAPTURE' | 'VOID' | 'REFUND';
export type TransactionStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED';
export type DeclineCode = 'DECLINED' | 'INSUFFICIENT_FUNDS' | 'UNAVAILABLE';

export const TRANSACTION_KIND = {
  AUTHORISE: 'AUTHORISATION',
  CAPTURE: 'CAPTURE',
  VOID: 'VOID',
  REFUND: 'REFUND',
} as const satisfies Record<OperationKind, TransactionKind>;

/** Amounts in minor units of the payment's currency. */
export interface Amounts {
  readonly capturedMinor: bigint;
  /** Promised to refunds that are not answered yet. */
  readonly refundingMinor: bigint;
  readonly refundedMinor: bigint;
}

export type ShownStatus = PaymentStatus | 'CAPTURE_FAILED' | 'PARTIALLY_REFUNDED' | 'REFUNDED';

/** The status that clients see: told apart by a capture that was refused, and by how much has been paid back. */
export function shownStatus({
  status,
  captureFailure,
  capturedMinor,
  refundedMinor,
}: { status: PaymentStatus; captureFailure?: string | null } & Amounts): ShownStatus {
  if (status === 'AUTHORISED' && captureFailure != null) return 'CAPTURE_FAILED';
  if (status !== 'CAPTURED' || refundedMinor === 0n) return status;
  return refundedMinor === capturedMinor ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
}

/**
 * The status an operation is decided on. One of an authorisation that another has taken the place of counts as DECLINED:
 * all that is left to do about it is to let go of what may be held.
 */
export function statusFor(
  operation: { readonly attempt: number },
  payment: { readonly status: PaymentStatus; readonly attempt: number },
): PaymentStatus {
  return operation.attempt < payment.attempt ? 'DECLINED' : payment.status;
}

/** Whether an authorisation may take the place of the last one. */
export function mayBeAuthorisedAgain({
  status,
  captureFailure,
}: {
  readonly status: PaymentStatus;
  readonly captureFailure: string | null;
}): boolean {
  return (
    status === 'DECLINED' || status === 'EXPIRED' || (status === 'AUTHORISED' && captureFailure !== null)
  );
}

/** What came of an operation. */
export type Outcome =
  | {
      readonly kind: 'succeeded';
      /** Of an authorisation: until when the amount is held, ISO 8601. */
      readonly holdEndsAt?: string;
    }
  | { readonly kind: 'declined'; readonly code: 'DECLINED' | 'INSUFFICIENT_FUNDS'; readonly message: string }
  /** The provider may or may not have done it. */
  | { readonly kind: 'unavailable'; readonly message: string }
  /** Not put to the provider: the payment's status forbids it. */
  | { readonly kind: 'forbidden'; readonly message: string };

/** Null where the operation may be put to the provider; otherwise why not. */
export function forbids(status: PaymentStatus, kind: OperationKind): string | null {
  const allowed = ALLOWED_IN[kind].includes(status);
  return allowed ? null : `${kind} of a payment that is ${status}.`;
}

const ALLOWED_IN: Record<OperationKind, readonly PaymentStatus[]> = {
  AUTHORISE: ['PENDING'],
  CAPTURE: ['AUTHORISED'],
  // DECLINED: declined for want of an answer, so that something may be held after all. EXPIRED: not yet by the provider.
  VOID: ['AUTHORISED', 'DECLINED', 'EXPIRED'],
  REFUND: ['CAPTURED'],
};

/** How the payment changes; each is one conditional UPDATE. */
export type Change =
  | { readonly type: 'authorised'; readonly holdEndsAt: Date | null }
  | { readonly type: 'declined'; readonly code: DeclineCode; readonly message: string }
  | { readonly type: 'captured' }
  | { readonly type: 'capture-failed'; readonly message: string }
  | { readonly type: 'voided' }
  | { readonly type: 'refunded' }
  | { readonly type: 'refund-failed' };

/** What orders is told. */
export type Reply =
  | { readonly type: 'payment.authorised' }
  | { readonly type: 'payment.declined'; readonly code: DeclineCode; readonly message: string }
  | { readonly type: 'payment.captured' }
  | { readonly type: 'payment.capture-failed'; readonly message: string }
  | { readonly type: 'payment.expired' };

export interface Settlement {
  readonly status: 'SUCCEEDED' | 'FAILED';
  /** Why it failed; null otherwise. */
  readonly detail: string | null;
  readonly change: Change | null;
  readonly reply: Reply | null;
  /** The outcome is unknown and counts as a refusal: whatever may be held after all has to be let go of. */
  readonly thenVoid: boolean;
}

/**
 * What follows from an outcome. Null: ask again.
 * @param givingUp there is no more time to ask again; counts for AUTHORISE only, the others are asked until answered.
 */
export function settle(
  kind: OperationKind,
  status: PaymentStatus,
  outcome: Outcome,
  givingUp: boolean,
): Settlement | null {
  if (outcome.kind === 'unavailable') {
    if (kind !== 'AUTHORISE' || !givingUp) return null;
    return {
      ...declined('UNAVAILABLE', 'The payment provider could not be reached in time.'),
      detail: outcome.message,
      thenVoid: true,
    };
  }
  switch (kind) {
    case 'AUTHORISE':
      if (outcome.kind === 'succeeded')
        return succeeded(
          {
            type: 'authorised',
            holdEndsAt: outcome.holdEndsAt === undefined ? null : new Date(outcome.holdEndsAt),
          },
          { type: 'payment.authorised' },
        );
      if (outcome.kind === 'declined') return declined(outcome.code, outcome.message);
      // The order let go of the payment before it asked for it: the payment is VOIDED already, only the order waits.
      return {
        ...declined('DECLINED', 'The order let go of this payment before it was authorised.'),
        change: null,
      };
    case 'CAPTURE':
      if (outcome.kind === 'succeeded') return succeeded({ type: 'captured' }, { type: 'payment.captured' });
      return {
        ...failed(outcome.message),
        change: status === 'AUTHORISED' ? { type: 'capture-failed', message: outcome.message } : null,
        reply: { type: 'payment.capture-failed', message: outcome.message },
      };
    case 'VOID':
      if (outcome.kind !== 'succeeded') return failed(outcome.message);
      return succeeded(status === 'AUTHORISED' ? { type: 'voided' } : null);
    case 'REFUND':
      return outcome.kind === 'succeeded'
        ? succeeded({ type: 'refunded' })
        : { ...failed(outcome.message), change: { type: 'refund-failed' } };
  }
}

function succeeded(change: Change | null, reply: Reply | null = null): Settlement {
  return { status: 'SUCCEEDED', detail: null, change, reply, thenVoid: false };
}

function failed(detail: string): Settlement {
  return { status: 'FAILED', detail, change: null, reply: null, thenVoid: false };
}

function declined(code: DeclineCode, message: string): Settlement {
  return {
    ...failed(message),
    change: { type: 'declined', code, message },
    reply: { type: 'payment.declined', code, message },
  };
}

export type RefundDecision =
  | { readonly kind: 'accepted'; readonly amountMinor: bigint }
  | { readonly kind: 'refused'; readonly code: 'INVALID_STATUS' | 'AMOUNT_TOO_LARGE' };

/** Whether so much may be paid back. `requestedMinor` is above nought; null asks for all that is left. */
export function decideRefund(
  payment: { status: PaymentStatus } & Amounts,
  requestedMinor: bigint | null,
): RefundDecision {
  if (payment.status !== 'CAPTURED' || shownStatus(payment) === 'REFUNDED')
    return { kind: 'refused', code: 'INVALID_STATUS' };
  const leftMinor = payment.capturedMinor - payment.refundedMinor - payment.refundingMinor;
  const amountMinor = requestedMinor ?? leftMinor;
  if (amountMinor > leftMinor || amountMinor === 0n) return { kind: 'refused', code: 'AMOUNT_TOO_LARGE' };
  return { kind: 'accepted', amountMinor };
}

/** What a client sees of an operation: the latest entry of the ledger, in the place of the first. */
export function latestOfEach<Entry extends { readonly operationId: string }>(
  ledger: readonly Entry[],
): Entry[] {
  const latest = new Map<string, Entry>();
  for (const entry of ledger) latest.set(entry.operationId, entry);
  return [...latest.values()];
}
