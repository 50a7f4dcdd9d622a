import type { Money } from '#platform/money/money.ts';

/**
 * What a provider answers. `declined` is final: nothing was done, and the same key will be told the same again.
 * `unavailable` says nothing: it may have been done or not, or be done yet. A rejected promise counts as `unavailable`.
 */
export type ProviderOutcome =
  | {
      readonly kind: 'succeeded';
      /** Of an authorisation: until when the amount is held, ISO 8601; left out where the provider does not say. */
      readonly holdEndsAt?: string;
    }
  | { readonly kind: 'declined'; readonly code: 'DECLINED' | 'INSUFFICIENT_FUNDS'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string };

export interface ProviderCall {
  /** A call with a key that the provider has had before does nothing new, and is answered as the first one was. */
  readonly idempotencyKey: string;
  /** What the charge is known by on both sides: the idempotency key of its authorisation. */
  readonly authorisationKey: string;
}

export interface AuthoriseCall extends ProviderCall {
  /** Our order: stands on the provider's statements. */
  readonly reference: string;
  readonly amount: Money;
  /** A token that the provider gave the customer's client for a card. */
  readonly paymentMethod: string;
}

export interface MoveCall extends ProviderCall {
  readonly amount: Money;
}

/** A payment provider, such as a card acquirer. Every call may take long, and is given up when the signal aborts. */
export interface PaymentProvider {
  /** Holds the amount, until the time that the answer says. */
  authorise(call: AuthoriseCall, signal: AbortSignal): Promise<ProviderOutcome>;
  /** Takes what is held, or part of it. Declined where the hold has ended. */
  capture(call: MoveCall, signal: AbortSignal): Promise<ProviderOutcome>;
  /**
   * Lets go of what is held. Of an authorisation that has not reached the provider, or is still being decided, it makes
   * sure that nothing will be held: a void that has succeeded is the last word.
   */
  void(call: ProviderCall, signal: AbortSignal): Promise<ProviderOutcome>;
  /** Pays back part or all of what was taken. */
  refund(call: MoveCall, signal: AbortSignal): Promise<ProviderOutcome>;
}
