import { z } from 'zod';
import { requireUser } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/input/parse-input.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { CommandContext } from '../../context.ts';
import { deleteAddress } from '../../db/address.queries.ts';
import type { UserRow } from '../../db/tables.ts';
import { findUsers } from '../../db/user.queries.ts';
import type { RemoveAddressInput } from '../../resolvers/types.generated.ts';
import { accountGone } from '../account-gone.ts';

const inputSchema = z.object({ addressId: z.string() });

/** From the actor's own account: an address of another user is NOT_FOUND, to staff, too. */
export async function removeAddress(context: CommandContext, input: RemoveAddressInput): Promise<UserRow> {
  const { userId } = requireUser(context.actor);
  const { addressId } = parseInput(inputSchema, input);
  return context.db.transaction(async (tx) => {
    const [user] = await findUsers(tx, [userId]);
    if (user === undefined) throw accountGone();
    if (!isUuid(addressId) || !(await deleteAddress(tx, { id: addressId, userId }))) {
      throw new Refusal('NOT_FOUND', 'You keep no such address.', ['input', 'addressId']);
    }
    return user;
  });
}
