const MINUTE_MS = 60_000;

/** Wrong passwords one account may be shown in one window. The window starts with the first of them. */
export const ATTEMPTS_PER_WINDOW = 10;
export const ATTEMPT_WINDOW_MS = 15 * MINUTE_MS;

/** `in 1 minute`, `in 15 minutes`: never less than what is left. */
export function tryAgainIn(windowEndsAt: Date, now: Date): string {
  const minutes = Math.max(1, Math.ceil((windowEndsAt.getTime() - now.getTime()) / MINUTE_MS));
  return `in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}
