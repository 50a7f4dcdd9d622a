/**
 * The units an order holds.
 *
 *   (none) ──reserve, all there──▶ HELD ──ship──────▶ SHIPPED
 *     │                             └────release────▶ RELEASED
 *     ├─────reserve, any short───▶ REFUSED
 *     └─────release──────────────▶ RELEASED   a tombstone: a reserve that comes later is passed over
 *
 * Each message may come again, and a release before its reserve; whatever comes in whatever order, a unit is taken once
 * and goes back or out once. Reserve, asked again of HELD, REFUSED or SHIPPED, is answered as it was; of RELEASED it is
 * passed over, for the asker has given up. A release finds something to give back in HELD only. Shipping what is not
 * held is a fault of the sender, except when it is the same shipment told again.
 */
import type { NewMessage, Payload } from '#schema/messages.ts';
import { fromMessage, type Money, toMessage } from '#platform/money/money.ts';

export type ReservationStatus = 'HELD' | 'REFUSED' | 'RELEASED' | 'SHIPPED';

/** What an order that asked for units is told. */
export type StockAnswer = Extract<NewMessage, { type: 'stock.reserved' | 'stock.refused' }>;

export type RequestedLine = Payload<'inventory.reserve-stock'>['lines'][number];
export type StockRefusal = Payload<'stock.refused'>['refusals'][number];

/** A variant as an order comes to know it. */
export interface Offer {
  readonly variantId: string;
  readonly sku: string;
  readonly productName: string;
  readonly variantName: string;
  /** When the order was placed. */
  readonly price: Money;
}

/**
 * How many units of each SKU are asked for, in the one order in which everybody takes them: two baskets of the same
 * goods then wait for each other and never both.
 */
export function unitsBySku(lines: readonly RequestedLine[]): [sku: string, quantity: number][] {
  const units = new Map<string, number>();
  for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return [...units].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Every line at its name and price.
 * @param offers by SKU; throws where one is missing.
 * @param agree what a line costs whose customer was quoted a price; without it, what is offered.
 */
export function reserved(
  orderId: string,
  lines: readonly RequestedLine[],
  offers: ReadonlyMap<string, Offer>,
  agree: (offer: Offer, quoted: Money) => Money = ({ price }) => price,
): StockAnswer {
  const snapshots = lines.map(({ sku, quantity, quotedPrice }) => {
    const offer = offers.get(sku);
    if (offer === undefined) throw new Error(`No offer for ${sku}.`);
    const price = quotedPrice === undefined ? offer.price : agree(offer, fromMessage(quotedPrice));
    return { sku, name: lineName(offer), quantity, unitPrice: toMessage(price) };
  });
  return { type: 'stock.reserved', key: orderId, payload: { orderId, lines: snapshots } };
}

/** Nothing is held. @param refusals one for each SKU at fault, at least one. */
export function refused(orderId: string, refusals: StockRefusal[]): StockAnswer {
  return { type: 'stock.refused', key: orderId, payload: { orderId, refusals } };
}

/** What the customer reads on the order: "Stoneware mug, blue". */
export function lineName({ productName, variantName }: Pick<Offer, 'productName' | 'variantName'>): string {
  return `${productName}, ${variantName}`;
}
