import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Queryable } from '#platform/postgres/database.ts';
import { type AddressRow, addresses } from './tables.ts';

/** Of all these users, oldest first. */
export async function findAddressesOf(db: Queryable, userIds: readonly string[]): Promise<AddressRow[]> {
  return db
    .select()
    .from(addresses)
    .where(inArray(addresses.userId, [...userIds]))
    .orderBy(asc(addresses.id));
}

export async function countAddressesOf(db: Queryable, userId: string): Promise<number> {
  return db.$count(addresses, eq(addresses.userId, userId));
}

export async function insertAddress(db: Queryable, address: AddressRow): Promise<void> {
  await db.insert(addresses).values(address);
}

/** False where the user has no such address. */
export async function deleteAddress(
  db: Queryable,
  { id, userId }: { id: string; userId: string },
): Promise<boolean> {
  const deleted = await db
    .delete(addresses)
    .where(and(eq(addresses.id, id), eq(addresses.userId, userId)))
    .returning({ id: addresses.id });
  return deleted.length > 0;
}
