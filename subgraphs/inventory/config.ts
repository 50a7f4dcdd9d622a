import { databaseUrl, readServiceConfig } from '#platform/server/service-config.ts';

/** The one reader of this service's environment. */
export const readConfig = () =>
  readServiceConfig({ INVENTORY_DATABASE_URL: databaseUrl, BUS_DATABASE_URL: databaseUrl });

export type InventoryConfig = ReturnType<typeof readConfig>;
