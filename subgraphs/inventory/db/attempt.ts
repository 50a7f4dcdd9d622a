import { TransactionRollbackError } from 'drizzle-orm';
import type { Transaction } from '#platform/postgres/database.ts';

/** Does the work behind a savepoint: what it wrote stays if it returns true, and is undone if it returns false. */
export async function attempt(
  tx: Transaction,
  work: (savepoint: Transaction) => Promise<boolean>,
): Promise<void> {
  try {
    await tx.transaction(async (savepoint) => {
      if (!(await work(savepoint))) savepoint.rollback();
    });
  } catch (error) {
    if (!(error instanceof TransactionRollbackError)) throw error;
  }
}
