import type { Money } from '#platform/money/money.ts';
import type { Order, PricedLine, RequestedLine, Shipment } from '../domain/order.ts';
import type { OrderLineRow, OrderRow } from './tables.ts';

/** The columns that a step can change. What does not apply in a status is null there. */
type StepColumns = Pick<
  OrderRow,
  | 'status'
  | 'version'
  | 'reason'
  | 'reasonDetail'
  | 'currencyCode'
  | 'totalMinor'
  | 'paymentMethod'
  | 'paymentAttempt'
  | 'carrier'
  | 'trackingNumber'
  | 'shippedAt'
  | 'deliveredAt'
>;

/** A stored order as the domain knows it. Throws where the row contradicts its own status. */
export function toOrder(row: OrderRow, lineRows: readonly OrderLineRow[]): Order {
  const { id, customerId, version, paymentAttempt, status } = row;
  const common = { id, customerId, version, paymentAttempt };
  switch (status) {
    case 'PENDING': {
      const expectedTotal = toMoney(row.expectedTotalMinor, row.expectedCurrencyCode);
      return {
        ...common,
        status,
        lines: lineRows.map(toRequestedLine),
        paymentMethod: present(row, 'paymentMethod'),
        expectedTotal,
      };
    }
    case 'RESERVED':
    case 'CONFIRMED':
      return { ...common, ...priced(row, lineRows), status };
    case 'FULFILLING': {
      const parcel = { carrier: present(row, 'carrier'), trackingNumber: present(row, 'trackingNumber') };
      return { ...common, ...priced(row, lineRows), status, parcel };
    }
    case 'PAYMENT_FAILED':
      return {
        ...common,
        ...priced(row, lineRows),
        status,
        reason: present(row, 'reason'),
        reasonDetail: row.reasonDetail,
      };
    case 'FULFILLED':
    case 'DELIVERED':
      return { ...common, ...priced(row, lineRows), status, shipment: shipmentOf(row) };
    case 'REJECTED':
    case 'CANCELLED': {
      const total = toMoney(row.totalMinor, row.currencyCode);
      const lines = total === null ? lineRows.map(toRequestedLine) : priced(row, lineRows).lines;
      return {
        ...common,
        status,
        lines,
        total,
        reason: present(row, 'reason'),
        reasonDetail: row.reasonDetail,
        offer: offerOf(lineRows),
      };
    }
  }
}

export function toColumns(order: Order): StepColumns {
  const total = 'total' in order ? order.total : null;
  const shipment = 'shipment' in order ? order.shipment : null;
  const parcel = 'parcel' in order ? order.parcel : shipment;
  return {
    status: order.status,
    version: order.version,
    reason: 'reason' in order ? order.reason : null,
    reasonDetail: 'reasonDetail' in order ? order.reasonDetail : null,
    currencyCode: total?.currencyCode ?? null,
    totalMinor: total?.minor ?? null,
    paymentMethod: order.status === 'PENDING' ? order.paymentMethod : null,
    paymentAttempt: order.paymentAttempt,
    carrier: parcel?.carrier ?? null,
    trackingNumber: parcel?.trackingNumber ?? null,
    shippedAt: shipment?.shippedAt ?? null,
    deliveredAt: shipment?.deliveredAt ?? null,
  };
}

export function toMoney(minor: bigint | null, currencyCode: string | null): Money | null {
  return minor === null || currencyCode === null ? null : { minor, currencyCode };
}

/** What the order was asked for where it is not what the customer agreed to; null where that is not why it was rejected. */
export function offerOf(lineRows: readonly OrderLineRow[]): readonly PricedLine[] | null {
  const offered = lineRows.flatMap((row) => {
    const unitPrice = toMoney(row.offeredPriceMinor, row.offeredCurrencyCode);
    return unitPrice === null ? [] : [{ ...toRequestedLine(row), name: row.name ?? row.sku, unitPrice }];
  });
  return offered.length > 0 ? offered : null;
}

function toRequestedLine({
  sku,
  quantity,
  expectedPriceMinor,
  expectedCurrencyCode,
}: OrderLineRow): RequestedLine {
  return { sku, quantity, expectedPrice: toMoney(expectedPriceMinor, expectedCurrencyCode) };
}

function priced(
  row: OrderRow,
  lineRows: readonly OrderLineRow[],
): { lines: readonly PricedLine[]; total: Money } {
  const currencyCode = present(row, 'currencyCode');
  const lines = lineRows.map(({ sku, quantity, name, unitPriceMinor }) => {
    if (name === null || unitPriceMinor === null)
      throw new Error(`Order ${row.id} is ${row.status}, but its line ${sku} has no price.`);
    return { sku, quantity, name, unitPrice: { minor: unitPriceMinor, currencyCode } };
  });
  return { lines, total: { minor: present(row, 'totalMinor'), currencyCode } };
}

function shipmentOf(row: OrderRow): Shipment {
  return {
    carrier: present(row, 'carrier'),
    trackingNumber: present(row, 'trackingNumber'),
    shippedAt: present(row, 'shippedAt'),
    deliveredAt: row.deliveredAt,
  };
}

function present<Column extends keyof OrderRow>(
  row: OrderRow,
  column: Column,
): NonNullable<OrderRow[Column]> {
  const value = row[column];
  if (value === null || value === undefined)
    throw new Error(`Order ${row.id} is ${row.status}, but has no ${column}.`);
  return value as NonNullable<OrderRow[Column]>;
}
