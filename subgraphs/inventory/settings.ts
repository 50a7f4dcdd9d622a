import { databaseUrl, milliseconds, readServiceConfig } from '#platform/process/service-settings.ts';
import { PRICE_TOLERANCE } from './domain/price.ts';

/** The one reader of this service's environment. */
export const readSettings = () =>
  readServiceConfig({
    INVENTORY_DATABASE_URL: databaseUrl,
    BUS_DATABASE_URL: databaseUrl,
    /** For how long a price that was offered is still kept to somebody who was quoted it. */
    PRICE_QUOTE_LIFE_MS: milliseconds(PRICE_TOLERANCE.quotedMs, 0),
    /** How far the clocks of orders and inventory may be apart. */
    PRICE_CLOCK_SKEW_MS: milliseconds(PRICE_TOLERANCE.clockSkewMs, 0),
  });
