import { z } from 'zod';
import { databaseUrl, readServiceConfig } from '#platform/server/service-config.ts';
import { PRICE_TOLERANCE } from './domain/price.ts';

const ms = (standard: number) => z.coerce.number().int().nonnegative().default(standard);

/** The one reader of this service's environment. */
export const readConfig = () =>
  readServiceConfig({
    INVENTORY_DATABASE_URL: databaseUrl,
    BUS_DATABASE_URL: databaseUrl,
    /** For how long a price that was offered is still kept to somebody who was quoted it. */
    PRICE_QUOTE_LIFE_MS: ms(PRICE_TOLERANCE.quotedMs),
    /** How far the clocks of orders and inventory may be apart. */
    PRICE_CLOCK_SKEW_MS: ms(PRICE_TOLERANCE.clockSkewMs),
  });

export type InventoryConfig = ReturnType<typeof readConfig>;
