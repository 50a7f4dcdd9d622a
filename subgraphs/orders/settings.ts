import { databaseUrl, milliseconds, readServiceConfig } from '#platform/process/service-settings.ts';
import { EXPIRY_TIMES } from './commands/expire-orders.ts';

/** The one reader of this service's environment. */
export const readSettings = () =>
  readServiceConfig({
    ORDERS_DATABASE_URL: databaseUrl,
    BUS_DATABASE_URL: databaseUrl,
    /** How long an order may wait for its stock or its payment before it is cancelled. */
    ORDER_UNPAID_LIFE_MS: milliseconds(EXPIRY_TIMES.unpaidMs),
    /** How long an order whose payment failed waits to be paid anew. */
    ORDER_PAYMENT_FAILED_LIFE_MS: milliseconds(EXPIRY_TIMES.paymentFailedMs),
  });
