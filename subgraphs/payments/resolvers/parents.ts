import type { Connection } from '#platform/connections/connection.ts';
import type { PaymentCriteria } from '../db/payment-list.queries.ts';
import type { PaymentRow } from '../db/tables.ts';

/** An order as payments knows one: an id. */
export interface OrderStub {
  readonly id: string;
}

/** The criteria come along for `totalCount`, which is counted only when asked for. */
export type PaymentConnectionParent = Connection<PaymentRow> & { readonly criteria: PaymentCriteria };
