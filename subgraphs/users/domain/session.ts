/**
 * A session is one log-in and everything refreshed from it: a family of refresh tokens, each traded for the next.
 *
 *   token   UNUSED → USED                  by the one trade it is good for
 *   session ACTIVE → ENDED                 for one of the reasons below; for good
 *
 * A token works while it is unused, has not expired, and its session is active. A session has at most one such token.
 */

export type EndReason =
  | 'LOGGED_OUT'
  | 'TOKEN_REUSED'
  | 'PASSWORD_CHANGED'
  | 'ACCOUNT_DISABLED'
  /** The account has begun so many newer ones. */
  | 'TOO_MANY_SESSIONS';

const SECOND_MS = 1_000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

export const REFRESH_TOKEN_LIFE_MS = 30 * DAY_MS;

/**
 * How long a used token, shown again, still counts as the same request come twice: two tabs that wake together, a
 * double click, a retry because the answer got lost. It then answers the same successor as before, so whichever answer
 * the client keeps, it works. Nothing is gained by a thief who shows a stolen token in this time: he and the owner hold
 * one and the same successor, and the second of them to use it later ends the session.
 */
export const REPEAT_WINDOW_MS = 10 * SECOND_MS;

export interface PresentedToken<Successor> {
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly session: { readonly endedAt: Date | null };
  /** Made by trading this very token, and not used itself so far; null where there is none. */
  readonly unusedSuccessor: Successor | null;
}

/** What a refresh token shown to us deserves. */
export type RefreshDecision<Successor> =
  /** It works: it becomes used, a successor takes its place. */
  | { readonly kind: 'TRADE' }
  /** It has just been traded: the same successor again. */
  | { readonly kind: 'REPEAT'; readonly successor: Successor }
  /** It was traded before, so two parties hold it: the session ends. */
  | { readonly kind: 'REUSED' }
  /** Its session has ended, or it has expired unused: nothing changes. */
  | { readonly kind: 'DEAD' };

export function decideRefresh<Successor extends { readonly createdAt: Date }>(
  { expiresAt, usedAt, session, unusedSuccessor: successor }: PresentedToken<Successor>,
  now: Date,
): RefreshDecision<Successor> {
  if (session.endedAt !== null) return { kind: 'DEAD' };
  if (usedAt === null) return { kind: now < expiresAt ? 'TRADE' : 'DEAD' };
  const isRepeat = successor !== null && now.getTime() - successor.createdAt.getTime() < REPEAT_WINDOW_MS;
  return isRepeat ? { kind: 'REPEAT', successor } : { kind: 'REUSED' };
}
