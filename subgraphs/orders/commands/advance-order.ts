import { appendToOutbox } from '#platform/messaging/outbox.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { saveStep } from '../db/order.queries.ts';
import { advance, type Order, type OrderEvent } from '../domain/order.ts';

export interface Cause {
  /** Who asked for it; null where the order moves by itself. */
  readonly actorId: string | null;
  readonly at: Date;
}

/**
 * Lets something happen to a locked order: asks the domain, stores the step, sends what follows from it. Every change of
 * an order after the first goes through here. False where the event means nothing to an order of that status.
 */
export async function advanceOrder(
  tx: Transaction,
  order: Order,
  event: OrderEvent,
  { actorId, at }: Cause,
): Promise<boolean> {
  const step = advance(order, event);
  if (step === null) return false;
  await saveStep(tx, order, step.order, { actorId, at });
  await appendToOutbox(tx, step.messages, at);
  return true;
}
