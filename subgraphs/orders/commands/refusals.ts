import { Refusal } from '#platform/refusal/refusal.ts';
import type { OrderStatus } from '../domain/order.ts';

/** Also where the order is somebody else's: whether it exists is none of the asker's business. */
export const orderNotFound = (orderId: string) =>
  new Refusal('NOT_FOUND', `There is no order ${orderId}.`, ['input', 'orderId']);

export const invalidStatus = (
  status: OrderStatus,
  action: 'cancelled' | 'fulfilled' | 'delivered' | 'paid anew',
) => new Refusal('INVALID_STATUS', `An order that is ${status} cannot be ${action}.`, ['input', 'orderId']);
