import type { Connection } from '#platform/connections/connection.ts';
import type { OrderCriteria } from '../db/order-list.queries.ts';
import type { OrderLineRow, OrderRow } from '../db/tables.ts';

/** What resolvers hand down where it is more, or less, than a row. */
export type OrderLineParent = OrderLineRow & { readonly currencyCode: string | null };

/** The criteria come along for `totalCount`, which is counted only when asked for. Null: nothing meets them. */
export type OrderConnectionParent = Connection<OrderRow> & { readonly criteria: OrderCriteria | null };

/** A user as orders knows one: an id. */
export interface UserStub {
  readonly id: string;
}
