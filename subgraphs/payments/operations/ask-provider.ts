import type { Money } from '#platform/money/money.ts';
import type { Logger } from '#platform/process/logger.ts';
import type { LeasedOperation } from '../db/operation.queries.ts';
import { forbids, type Outcome, statusFor } from '../domain/payment.ts';
import type { PaymentProvider } from '../provider/provider.ts';
import { authorisationKey } from './queue-operation.ts';

export interface AskOptions {
  readonly provider: PaymentProvider;
  readonly limitMs: number;
  /** Gives up waiting. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Puts an operation to the provider, unless the payment's status forbids it. Never rejects: no answer is `unavailable`. */
export async function askProvider(
  leased: LeasedOperation,
  { provider, limitMs, signal, logger }: AskOptions,
): Promise<Outcome> {
  const status = statusFor(leased.operation, leased.payment);
  const forbidden = forbids(status, leased.operation.kind);
  if (forbidden !== null) return { kind: 'forbidden', message: forbidden };
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`no answer within ${limitMs} ms`)), limitMs);
  const giveUp = AbortSignal.any([signal, limit.signal]);
  try {
    giveUp.throwIfAborted();
    // A provider that does not heed the signal must not hold up the operation.
    return await Promise.race([call(provider, leased, giveUp), whenAborted(giveUp)]);
  } catch (error) {
    if (!giveUp.aborted)
      logger.error({ error, operation: leased.operation.id }, 'the payment provider failed');
    return {
      kind: 'unavailable',
      message: giveUp.aborted ? 'The provider did not answer in time.' : 'The provider failed.',
    };
  } finally {
    clearTimeout(timer);
  }
}

function call(
  provider: PaymentProvider,
  { operation, payment }: LeasedOperation,
  signal: AbortSignal,
): Promise<Outcome> {
  const keys = {
    idempotencyKey: operation.idempotencyKey,
    authorisationKey: authorisationKey(payment.id, operation.attempt),
  };
  const amount: Money = { minor: operation.amountMinor, currencyCode: payment.currencyCode };
  switch (operation.kind) {
    case 'AUTHORISE':
      return provider.authorise(
        { ...keys, amount, reference: payment.orderId, paymentMethod: payment.paymentMethod },
        signal,
      );
    case 'CAPTURE':
      return provider.capture({ ...keys, amount }, signal);
    case 'VOID':
      return provider.void(keys, signal);
    case 'REFUND':
      return provider.refund({ ...keys, amount }, signal);
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
