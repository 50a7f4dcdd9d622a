import type { Payload } from '#schema/messages.ts';
import { appendToOutbox } from '#platform/messaging/outbox.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { findOffers, findPricesSince } from '../db/catalogue.queries.ts';
import { findReservation, openReservation, settleReservation } from '../db/reservation.queries.ts';
import { attempt } from '../db/attempt.ts';
import { takeUnits } from '../db/stock.queries.ts';
import { agreedPrice, PRICE_TOLERANCE, priceAt, type PriceTolerance } from '../domain/price.ts';
import { refused, reserved, type StockAnswer, type StockRefusal, unitsBySku } from '../domain/reservation.ts';

type Request = Payload<'inventory.reserve-stock'>;
type Offers = Awaited<ReturnType<typeof findOffers>>;

export interface Placing {
  /** When the customer placed the order: what it costs is what was offered then. */
  readonly placedAt: Date;
  readonly tolerance?: PriceTolerance;
}

/**
 * Takes all units an order asks for, or none, and answers which. Asked again, it takes nothing and answers the same. A
 * price that was quoted and never offered is answered with the one that was: to reject the order is up to orders.
 */
export async function reserveStock(
  tx: Transaction,
  { orderId, lines }: Request,
  { placedAt, tolerance = PRICE_TOLERANCE }: Placing = { placedAt: new Date() },
): Promise<void> {
  // First of all: from here on, what is asked for one order happens one after another.
  if (!(await openReservation(tx, orderId, 'HELD'))) return answerAgain(tx, orderId);

  const offers = await findOffers(
    tx,
    lines.map(({ sku }) => sku),
  );
  const refusals = await takeAllOrNone(tx, orderId, lines, offers);
  const held = refusals.length === 0;
  const answer = held
    ? await answerReserved(tx, orderId, lines, offers, { placedAt, tolerance })
    : refused(orderId, refusals);
  await settleReservation(tx, orderId, { status: held ? 'HELD' : 'REFUSED', answer });
  await appendToOutbox(tx, [answer]);
}

async function answerReserved(
  tx: Transaction,
  orderId: string,
  lines: Request['lines'],
  offers: Offers,
  { placedAt, tolerance }: Required<Placing>,
): Promise<StockAnswer> {
  const ids = [...offers.values()].map(({ variantId }) => variantId);
  const prices = await findPricesSince(tx, ids, new Date(placedAt.getTime() - tolerance.quotedMs));
  const historyOf = ({ variantId }: { variantId: string }) => prices.get(variantId) ?? [];
  const offered = new Map(
    [...offers].map(([sku, offer]) => [sku, { ...offer, price: priceAt(historyOf(offer), placedAt) }]),
  );
  return reserved(orderId, lines, offered, (offer, quoted) =>
    agreedPrice(historyOf(offer), placedAt, quoted, tolerance),
  );
}

/** Returns every SKU at fault, in order. If there is any, nothing is held, and the ledger has no trace of the attempt. */
async function takeAllOrNone(
  tx: Transaction,
  orderId: string,
  lines: Request['lines'],
  offers: Offers,
): Promise<StockRefusal[]> {
  const refusals: StockRefusal[] = [];
  await attempt(tx, async (savepoint) => {
    for (const [sku, quantity] of unitsBySku(lines)) {
      const offer = offers.get(sku);
      if (offer === undefined) {
        refusals.push({ sku, code: 'UNKNOWN_SKU', requested: quantity, available: 0 });
        continue;
      }
      const { taken, available } = await takeUnits(savepoint, {
        orderId,
        variantId: offer.variantId,
        quantity,
      });
      if (!taken) refusals.push({ sku, code: 'OUT_OF_STOCK', requested: quantity, available });
    }
    return refusals.length === 0;
  });
  return refusals;
}

async function answerAgain(tx: Transaction, orderId: string): Promise<void> {
  const reservation = await findReservation(tx, orderId);
  // Whoever released has given up: an answer would only tell what is no longer so.
  if (reservation?.answer == null || reservation.status === 'RELEASED') return;
  await appendToOutbox(tx, [reservation.answer]);
}
