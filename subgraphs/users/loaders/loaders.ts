import DataLoader from 'dataloader';
import { type Actor, mayReadOf } from '#platform/auth/actor.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { Queryable } from '#platform/postgres/database.ts';
import { findAddressesOf } from '../db/address.queries.ts';
import type { AddressRow, UserRow } from '../db/tables.ts';
import { findUsers } from '../db/user.queries.ts';

/** Reads of one request, batched and remembered. A mutation forgets them first: see {@link Loaders.forget}. */
export interface Loaders {
  /** By id. Null for an id that is unknown, foreign to the actor, or no id at all. */
  readonly user: DataLoader<string, UserRow | null>;
  /** By user id, oldest first. Whose id it may be is decided where the user was found. */
  readonly addressesOf: DataLoader<string, AddressRow[]>;
  /** The next mutation of the request has to see what the one before it wrote. */
  forget(): void;
}

export function createLoaders(db: Queryable, actor: Actor): Loaders {
  const user = new DataLoader<string, UserRow | null>(async (ids) => {
    const readable = ids.map((id) => id.toLowerCase()).filter((id) => isUuid(id) && mayReadOf(actor, id));
    const found = readable.length === 0 ? [] : await findUsers(db, readable);
    const byId = new Map(found.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
  });

  const addressesOf = new DataLoader<string, AddressRow[]>(async (userIds) => {
    const byUser = Map.groupBy(await findAddressesOf(db, userIds), ({ userId }) => userId);
    return userIds.map((userId) => byUser.get(userId) ?? []);
  });

  return {
    user,
    addressesOf,
    forget() {
      user.clearAll();
      addressesOf.clearAll();
    },
  };
}
