import { Refusal } from '#platform/refusal/refusal.ts';
import type { Queryable } from '#platform/postgres/database.ts';
import type { CommandContext } from '../../context.ts';
import {
  findSessionOfUser,
  isKnownOrigin,
  rememberOrigin as storeOrigin,
} from '../../db/known-origin.queries.ts';
import {
  accountSubject,
  type AttemptLimits,
  forgetAttempts,
  giveBackAttempt,
  originSubject,
  type Subject,
  takeAttempt,
} from '../../db/password-attempt.queries.ts';
import {
  ATTEMPT_WINDOW_MS,
  ATTEMPTS_PER_WINDOW,
  NO_ADDRESS_FACTOR,
  ORIGINS_PER_USER,
  secondsUntil,
  tryAgainIn,
} from '../../domain/password-attempts.ts';
import { networkOf } from './client-network.ts';
import { hashOfToken } from '../tokens/refresh-tokens.ts';

/** What stands in for the id of an account that there is not, so that looking takes as long. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Where attempts at an account are counted, and whether the account knows where they come from. */
export interface AttemptPlace {
  readonly subject: Subject;
  readonly known: boolean;
}

/** Counts something against the client's network. Refuses with TRY_AGAIN_LATER. Give it back where it turns out to be none. */
export async function takeOfNetwork(
  context: CommandContext,
  kind: string,
  { perWindow, windowMs }: AttemptLimits,
  what: string,
): Promise<Subject> {
  const network = networkOf(context.clientAddress);
  const subject = originSubject(kind, context.hashOrigin(network ?? 'no address'));
  const factor = network === null ? NO_ADDRESS_FACTOR : 1;
  await take(context, subject, { perWindow: perWindow * factor, windowMs }, `${what} from your network`);
  return subject;
}

/**
 * Attempts from where the account was logged in to before, or with a refresh token that it once gave out, count in a place of
 * their own; all others in one together.
 */
export async function placeOf(
  context: CommandContext,
  {
    email,
    userId = NOBODY,
    earlierToken,
  }: { email: string; userId?: string; earlierToken?: string | undefined },
): Promise<AttemptPlace> {
  const { db } = context;
  const device =
    earlierToken === undefined ? null : await findSessionOfUser(db, userId, hashOfToken(earlierToken));
  if (device !== null) return { subject: originSubject('device', context.hashOrigin(device)), known: true };
  const origin = originOf(context, userId);
  if (origin !== null && (await isKnownOrigin(db, userId, origin)))
    return { subject: originSubject('known', origin), known: true };
  return { subject: accountSubject(email), known: false };
}

/** Counts an attempt to prove a password. Refuses with TRY_AGAIN_LATER. */
export async function takeOfAccount(context: CommandContext, { subject }: AttemptPlace): Promise<void> {
  const limits = { perWindow: ATTEMPTS_PER_WINDOW, windowMs: ATTEMPT_WINDOW_MS };
  await take(context, subject, limits, 'failed attempts');
}

/** After a log-in: the attempts that led to it are forgotten, and where it came from is known from now on. */
export async function settleAttempts(
  context: CommandContext,
  tx: Queryable,
  {
    userId,
    attempts = [],
    failures = [],
  }: { userId: string; attempts?: readonly Subject[]; failures?: readonly Subject[] },
): Promise<void> {
  for (const subject of attempts) await forgetAttempts(tx, subject);
  for (const subject of failures) await giveBackAttempt(tx, subject);
  const origin = originOf(context, userId);
  if (origin !== null) await storeOrigin(tx, { userId, origin, now: context.now(), kept: ORIGINS_PER_USER });
}

function originOf({ clientAddress, hashOrigin }: CommandContext, userId: string): Buffer | null {
  const network = networkOf(clientAddress);
  return network === null ? null : hashOrigin(`${userId} ${network}`);
}

async function take(
  context: CommandContext,
  subject: Subject,
  limits: AttemptLimits,
  what: string,
): Promise<void> {
  const now = context.now();
  const refusedUntil = await takeAttempt(context.db, subject, now, limits);
  if (refusedUntil === null) return;
  throw new Refusal(
    'TRY_AGAIN_LATER',
    `Too many ${what}. Try again ${tryAgainIn(refusedUntil, now)}.`,
    null,
    {
      retryAfter: secondsUntil(refusedUntil, now),
    },
  );
}
