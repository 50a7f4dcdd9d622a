/**
 * What may be tried how often. Each attempt is counted, before it is made, by what it comes from:
 *
 *   network          failed log-ins, registrations, and those that found their e-mail address taken
 *   known origin     attempts at an account from a network or a device that it was logged in to from before
 *   account          attempts at it from everywhere else
 *
 * So a stranger can keep strangers waiting, and nobody whom the account knows.
 */
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Wrong passwords one account may be shown in one window. The window starts with the first of them. */
export const ATTEMPTS_PER_WINDOW = 10;
export const ATTEMPT_WINDOW_MS = 15 * MINUTE_MS;

/** An office, or a mobile network, is many people. */
export const NETWORK_FAILURES = { perWindow: 100, windowMs: ATTEMPT_WINDOW_MS } as const;
export const NETWORK_REGISTRATIONS = { perWindow: 100, windowMs: HOUR_MS } as const;
/** Each tells whether somebody has an account here. */
export const NETWORK_TAKEN = { perWindow: 10, windowMs: HOUR_MS } as const;
/** Callers without an address, who are ourselves, count as one network with so many times the limits. */
export const NO_ADDRESS_FACTOR = 10;

/**
 * Log-ins, registrations and changes of passwords in one request. The gateway sends each root field of a mutation as a request
 * of its own and has its own limit of as many a document (MAX_MUTATION_FIELDS). They are not counted together here: what
 * would tell which belong together is the request's id, and a client may say the same one for all it ever asks.
 */
export const PASSWORDS_PER_REQUEST = 5;

/** Networks that an account was last logged in to from. */
export const ORIGINS_PER_USER = 20;
export const ORIGIN_REMEMBERED_MS = 90 * DAY_MS;

/** Whole seconds until then, at least 1: what `retryAfter` says. */
export function secondsUntil(moment: Date, now: Date): number {
  return Math.max(1, Math.ceil((moment.getTime() - now.getTime()) / SECOND_MS));
}

/** `in 1 minute`, `in 15 minutes`: never less than what is left. */
export function tryAgainIn(windowEndsAt: Date, now: Date): string {
  const minutes = Math.max(1, Math.ceil((windowEndsAt.getTime() - now.getTime()) / MINUTE_MS));
  return `in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}
