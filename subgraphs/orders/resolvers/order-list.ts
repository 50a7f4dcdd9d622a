import { readPage, toConnection } from '#platform/connections/connection.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { Context } from '../context.ts';
import { listOrders, type OrderCriteria } from '../db/order-list.queries.ts';
import type { OrderConnectionParent } from './parents.ts';
import type { OrderFilter } from './types.generated.ts';

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
  const criteria: OrderCriteria = {
    customerId: customerId ?? filter?.customerId ?? undefined,
    statuses: filter?.statuses ?? undefined,
    createdAfter: filter?.createdAfter ?? undefined,
    createdBefore: filter?.createdBefore ?? undefined,
  };
  const { first, after } = readPage(page, isUuid);
  const rows = matchesNothing(criteria, filter, customerId)
    ? []
    : await listOrders(context.database.db, criteria, { before: after, limit: first + 1 });
  return { ...toConnection(rows, { first, after }, (order) => order.id), criteria };
}

function matchesNothing(
  { customerId, statuses }: OrderCriteria,
  filter: OrderFilter | null | undefined,
  asked: string | null,
): boolean {
  const someoneElses = asked !== null && filter?.customerId != null && filter.customerId !== asked;
  return someoneElses || statuses?.length === 0 || (customerId !== undefined && !isUuid(customerId));
}
