import { z } from 'zod';
import { databaseUrl, readServiceConfig } from '#platform/server/service-config.ts';
import { OPERATION_TIMES } from './operations/run-operations.ts';

const ms = (standard: number) => z.coerce.number().int().positive().default(standard);

/** The one reader of the environment here. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  return readServiceConfig(
    {
      PAYMENTS_DATABASE_URL: databaseUrl,
      BUS_DATABASE_URL: databaseUrl,
      /** How long the provider may leave an authorisation unanswered before it counts as declined. */
      PAYMENT_DEADLINE_MS: ms(OPERATION_TIMES.authorisationDeadlineMs),
      /** How long one call to the provider may take. */
      PAYMENT_PROVIDER_TIMEOUT_MS: ms(OPERATION_TIMES.providerTimeoutMs),
      /** How long the simulator takes over `tok_slow`. */
      PAYMENT_SIMULATOR_SLOW_MS: ms(2_000),
    },
    env,
  );
}

export type Config = ReturnType<typeof readConfig>;
