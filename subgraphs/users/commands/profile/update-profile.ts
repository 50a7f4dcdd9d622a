import { z } from 'zod';
import { requireUser } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/input/parse-input.ts';
import type { CommandContext } from '../../context.ts';
import type { UserRow } from '../../db/tables.ts';
import { renameUser } from '../../db/user.queries.ts';
import type { UpdateProfileInput } from '../../resolvers/types.generated.ts';
import { accountGone } from '../account-gone.ts';
import { personName } from '../input-fields.ts';

const inputSchema = z.object({ name: personName });

/** Of the actor's own account. */
export async function updateProfile(context: CommandContext, input: UpdateProfileInput): Promise<UserRow> {
  const actor = requireUser(context.actor);
  const { name } = parseInput(inputSchema, input);
  const user = await renameUser(context.db, actor.userId, name);
  if (user === null) throw accountGone();
  return user;
}
