import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { requireUser } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/input/parse-input.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import type { CommandContext } from '../../context.ts';
import { countAddressesOf, insertAddress } from '../../db/address.queries.ts';
import type { AddressRow, UserRow } from '../../db/tables.ts';
import { lockUser } from '../../db/user.queries.ts';
import { ADDRESSES_PER_USER } from '../../domain/limits.ts';
import type { AddAddressInput } from '../../resolvers/types.generated.ts';
import { accountGone } from '../account-gone.ts';
import { address } from '../input-fields.ts';

const inputSchema = z.object({ address });

/** To the actor's own account, which keeps a bounded number: `User.addresses` is a list without pages. */
export async function addAddress(
  context: CommandContext,
  input: AddAddressInput,
): Promise<{ address: AddressRow; user: UserRow }> {
  const actor = requireUser(context.actor);
  const parsed = parseInput(inputSchema, input);
  return context.db.transaction(async (tx) => {
    const user = await lockUser(tx, actor.userId);
    if (user === null) throw accountGone();
    if ((await countAddressesOf(tx, user.id)) >= ADDRESSES_PER_USER) {
      throw new Refusal(
        'INVALID_INPUT',
        `An account keeps at most ${ADDRESSES_PER_USER} addresses: remove one first.`,
      );
    }
    const address: AddressRow = { id: uuidv7(), userId: user.id, ...parsed.address };
    await insertAddress(tx, address);
    return { address, user };
  });
}
