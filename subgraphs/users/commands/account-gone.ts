import { Refusal } from '#platform/refusal/refusal.ts';

/** A good access token whose account has been deleted since. */
export function accountGone(): Refusal {
  return new Refusal('NOT_FOUND', 'This account no longer exists.');
}
