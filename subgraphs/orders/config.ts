import { databaseUrl, readServiceConfig } from '#platform/server/service-config.ts';

/** The one reader of this service's environment. */
export const readConfig = () =>
  readServiceConfig({ ORDERS_DATABASE_URL: databaseUrl, BUS_DATABASE_URL: databaseUrl });

export type OrdersConfig = ReturnType<typeof readConfig>;
