import { requireStaff } from '#platform/auth/actor.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { CommandContext } from '../context.ts';
import type { UserRow } from '../db/tables.ts';
import { findSessionsOfDisabled } from '../db/session.queries.ts';
import { setDisabled } from '../db/user.queries.ts';

/**
 * Staff: from now on the account can neither log in nor refresh, its sessions end, and every service has heard of it. Doing so
 * again changes nothing. No mutation leads here yet: staff tooling is to come. Refuses with NOT_FOUND.
 */
export async function disableAccount(
  context: CommandContext,
  { userId }: { userId: string },
): Promise<UserRow> {
  requireStaff(context.actor);
  const user = await found(userId, (id) => setDisabled(context.db, id, context.now()));
  await context.untilHeard(await findSessionsOfDisabled(context.db, user.id));
  return user;
}

/** Staff: lets it log in again. The sessions that it had stay ended. */
export async function enableAccount(
  context: CommandContext,
  { userId }: { userId: string },
): Promise<UserRow> {
  requireStaff(context.actor);
  return found(userId, (id) => setDisabled(context.db, id, null));
}

async function found(userId: string, change: (id: string) => Promise<UserRow | null>): Promise<UserRow> {
  const user = isUuid(userId) ? await change(userId) : null;
  if (user === null) throw new Refusal('NOT_FOUND', `There is no account ${userId}.`);
  return user;
}
