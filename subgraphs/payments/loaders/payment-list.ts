import { readPage, toConnection } from '#platform/connections/connection.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { Context } from '../context.ts';
import { countPayments, listPayments, type PaymentCriteria } from '../db/payment-list.queries.ts';
import type { PaymentConnectionParent } from '../resolvers/parents.ts';
import type { PaymentFilter } from '../resolvers/types.generated.ts';

interface ListArguments {
  readonly filter?: PaymentFilter | null;
  readonly first?: number | null;
  readonly after?: string | null;
}

/** A page of all payments, newest first. */
export async function paymentList(
  { database }: Context,
  { filter, ...page }: ListArguments,
): Promise<PaymentConnectionParent> {
  const criteria: PaymentCriteria = {
    statuses: filter?.statuses ?? undefined,
    holdEndsBefore: filter?.holdEndsBefore ?? undefined,
    createdAfter: filter?.createdAfter ?? undefined,
    createdBefore: filter?.createdBefore ?? undefined,
  };
  const { first, after } = readPage(page, isUuid);
  const rows = await listPayments(database.db, criteria, { before: after, limit: first + 1 });
  return { ...toConnection(rows, { first, after }, (payment) => payment.id), criteria };
}

/** How many payments the whole list has. */
export function paymentCount({ database }: Context, criteria: PaymentCriteria): Promise<number> {
  return countPayments(database.db, criteria);
}
