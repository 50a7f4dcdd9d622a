import DataLoader from 'dataloader';
import { type Actor, mayReadOf } from '#platform/auth/actor.ts';
import type { Queryable } from '#platform/postgres/database.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import { findTransactions } from '../db/ledger.queries.ts';
import { findPayments, findPaymentsOfOrders } from '../db/payment.queries.ts';
import { findRefunds, findRefundsOfPayments } from '../db/refund.queries.ts';
import type { PaymentRow, RefundRow, TransactionRow } from '../db/tables.ts';
import { latestOfEach } from '../domain/payment.ts';

/** What one request may see, each thing read once. Whatever belongs to somebody else is null, as is what does not exist. */
export interface Loaders {
  readonly payment: DataLoader<string, PaymentRow | null>;
  readonly paymentOfOrder: DataLoader<string, PaymentRow | null>;
  readonly refund: DataLoader<string, RefundRow | null>;
  /** By payment, which has passed one of the loaders above. */
  readonly refunds: DataLoader<string, RefundRow[]>;
  /** By payment: one for each operation, as it stands. */
  readonly transactions: DataLoader<string, TransactionRow[]>;
}

export function createLoaders(db: Queryable, actor: Actor): Loaders {
  const readable = <Row extends { customerId: string }>(row: Row | undefined) =>
    row !== undefined && mayReadOf(actor, row.customerId) ? row : null;

  function one<Row extends { customerId: string }>(
    find: (ids: readonly string[]) => Promise<Row[]>,
    idOf: (row: Row) => string,
  ) {
    return new DataLoader<string, Row | null>(async (ids) => {
      const known = ids.filter(isUuid);
      const rows = known.length === 0 ? [] : await find(known);
      const byId = new Map(rows.map((row) => [idOf(row), row]));
      return ids.map((id) => readable(byId.get(id.toLowerCase())));
    });
  }

  function many<Row extends { paymentId: string }>(find: (ids: readonly string[]) => Promise<Row[]>) {
    return new DataLoader<string, Row[]>(async (ids) => {
      const byPayment = Map.groupBy(await find(ids), (row) => row.paymentId);
      return ids.map((id) => byPayment.get(id) ?? []);
    });
  }

  return {
    payment: one(
      (ids) => findPayments(db, ids),
      (row) => row.id,
    ),
    paymentOfOrder: one(
      (ids) => findPaymentsOfOrders(db, ids),
      (row) => row.orderId,
    ),
    refund: one(
      (ids) => findRefunds(db, ids),
      (row) => row.id,
    ),
    refunds: many((ids) => findRefundsOfPayments(db, ids)),
    transactions: many(async (ids) => latestOfEach(await findTransactions(db, ids))),
  };
}
