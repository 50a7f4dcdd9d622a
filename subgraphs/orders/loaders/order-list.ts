import { readPage, toConnection } from '#platform/connections/connection.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { Context } from '../context.ts';
import { listOrders, type OrderCriteria } from '../db/order-list.queries.ts';
import type { OrderConnectionParent } from '../resolvers/parents.ts';
import type { OrderFilter } from '../resolvers/types.generated.ts';

interface ListArguments {
  readonly filter?: OrderFilter | null;
  readonly first?: number | null;
  readonly after?: string | null;
}

/** A page of orders, newest first, behind `Query.orders` and `User.orders`. @param customerId null: every customer's. */
export async function orderList(
  context: Context,
  customerId: string | null,
  { filter, ...page }: ListArguments,
): Promise<OrderConnectionParent> {
  const { first, after } = readPage(page, isUuid);
  const criteria = criteriaOf(customerId, filter ?? {});
  const rows =
    criteria === null
      ? []
      : await listOrders(context.database.db, criteria, { before: after, limit: first + 1 });
  return { ...toConnection(rows, { first, after }, (order) => order.id), criteria };
}

/** Null where no order can meet them: what is not a customer's own, or nobody's at all, is not there. */
function criteriaOf(asked: string | null, filter: OrderFilter): OrderCriteria | null {
  const wanted = filter.customerId?.toLowerCase() ?? null;
  if (asked !== null && wanted !== null && wanted !== asked.toLowerCase()) return null;
  const customerId = asked ?? wanted ?? undefined;
  if (customerId !== undefined && !isUuid(customerId)) return null;
  if (filter.statuses?.length === 0) return null;
  return {
    customerId,
    statuses: filter.statuses ?? undefined,
    createdAfter: filter.createdAfter ?? undefined,
    createdBefore: filter.createdBefore ?? undefined,
  };
}
