import { asc, inArray } from 'drizzle-orm';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { paymentTransactions, type TransactionRow } from './tables.ts';

/** Adds an entry to the ledger. Entries are never changed. */
export async function appendTransaction(
  tx: Transaction,
  entry: Omit<typeof paymentTransactions.$inferInsert, 'position'>,
): Promise<void> {
  await tx.insert(paymentTransactions).values(entry);
}

/** All entries of these payments, oldest first. */
export async function findTransactions(
  db: Queryable,
  paymentIds: readonly string[],
): Promise<TransactionRow[]> {
  return db
    .select()
    .from(paymentTransactions)
    .where(inArray(paymentTransactions.paymentId, [...paymentIds]))
    .orderBy(asc(paymentTransactions.position));
}
